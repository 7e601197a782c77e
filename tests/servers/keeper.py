"""
Runs a database server for as long as whoever started it lives: a program of its own, started by `server.py`.

    keeper.py USER SIGNAL FOLDER COMMAND …

The starter holds the other end of standard input. When that is closed, by whatever end the starter came to, the server
is stopped and the folder removed; "kill" and "halt" on a line end the server, with SIGKILL or in good order, and leave
the folder. The server's output goes to FOLDER/log. Should the keeper itself be killed, the server dies with it (on
Linux).
"""

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
from typing import Any

STOP_SECONDS = 20.0
LOOK_SECONDS = 0.2
PR_SET_PDEATHSIG = 1


def main() -> int:
    user, signal_name, folder, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the starter, who then closes our input.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    stop = signal.Signals[signal_name]
    server: subprocess.Popen[bytes] | None = None
    remove = True
    try:
        server = started(command, user, folder)
        order = awaited(server)
        remove = order == "stop"
        if order == "kill":
            server.kill()
        return server.poll() or 0
    finally:
        end(server, stop)
        if remove:
            shutil.rmtree(folder, ignore_errors=True)


def started(command: list[str], user: str, folder: str) -> "subprocess.Popen[bytes]":
    whose: dict[str, Any] = dict(user=user, group=group_of(user), extra_groups=[]) if user else {}
    with open(os.path.join(folder, "log"), "ab") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
            preexec_fn=die_with_keeper,
            **whose,
        )


def group_of(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def die_with_keeper() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def awaited(server: "subprocess.Popen[bytes]") -> str:
    """What to do: "stop" at the end of input, "kill" or "halt"; "halt" as well when the server ended by itself."""
    while server.poll() is None:
        if select.select([sys.stdin], [], [], LOOK_SECONDS)[0]:
            return sys.stdin.readline().strip() or "stop"
    return "halt"


def end(server: "subprocess.Popen[bytes] | None", stop: signal.Signals) -> None:
    if server is None:
        return
    if server.poll() is None:
        server.send_signal(stop)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


if __name__ == "__main__":
    sys.exit(main())
