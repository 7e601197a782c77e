"""Try the test kit on mistakes made on purpose: `python -m tools.mutants`.

Each mutation of tests/mutants/mutations.py is made in a copy of the package, one at a time, and the kit's laws are held
against it. A mutation that no law notices has survived, and is named. All of them take some minutes.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.mutants.mutations import MUTATIONS, Mutation

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "stampledger"
JUDGE = ROOT / "tests" / "mutants" / "judge.py"
EXAMPLES = 300
SECONDS_MAX = 300.0  # A mutation that never ends is noticed by that.
SHARE_MIN = 0.95


class Verdict(NamedTuple):
    """What became of a mutation: by what it was noticed, or nothing."""

    mutation: Mutation
    noticed_by: str
    seconds: float


def mutated(mutation: Mutation, folder: Path) -> None:
    """Make a mutation in the copy of the package that lies in a folder."""
    path = folder / "stampledger" / mutation.file
    text = path.read_text(encoding="utf-8")
    if text.count(mutation.old) != 1:
        raise ValueError(f"{mutation.file} has {text.count(mutation.old)} times: {mutation.old}")
    path.write_text(text.replace(mutation.old, mutation.new), encoding="utf-8")


def judged(mutation: Mutation | None, examples: int = EXAMPLES) -> str:
    """Answer what noticed a mutation, or "" where nothing did; None is the package as it is."""
    with tempfile.TemporaryDirectory(prefix="stampledger-mutant-") as name:
        folder = Path(name)
        shutil.copytree(PACKAGE, folder / "stampledger", ignore=shutil.ignore_patterns("__pycache__", "web", "render"))
        for kept in ("web", "render"):  # Large, and never changed.
            (folder / "stampledger" / kept).symlink_to(PACKAGE / kept)
        if mutation is not None:
            mutated(mutation, folder)
        environment = os.environ | {"PYTHONPATH": name, "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                [sys.executable, str(JUDGE), str(examples)],
                cwd=name,
                env=environment,
                capture_output=True,
                text=True,
                timeout=SECONDS_MAX,
            )
        except subprocess.TimeoutExpired:
            return "the time it takes"
    if done.returncode == 0:
        return ""
    return done.stdout.strip().split("\n")[-1] or done.stderr.strip().split("\n")[-1]


def verdicts(mutations: Iterable[Mutation], examples: int = EXAMPLES) -> Iterable[Verdict]:
    """Judge mutations one after the other."""
    for mutation in mutations:
        begun = time.monotonic()
        noticed = judged(mutation, examples)
        yield Verdict(mutation, noticed, time.monotonic() - begun)


def main() -> int:
    """Judge all mutations, and name the survivors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--examples", type=int, default=EXAMPLES, help=f"histories per mutation ({EXAMPLES})")
    parser.add_argument("--only", default="", help="only mutations of files or lines that contain this")
    asked = parser.parse_args()
    chosen = [one for one in MUTATIONS if asked.only in one.file or asked.only in one.old]
    survivors = []
    for number, verdict in enumerate(verdicts(chosen, asked.examples), start=1):
        said = f"killed: {verdict.noticed_by[:110]}" if verdict.noticed_by else "SURVIVED"
        line = verdict.mutation.new.strip().split("\n")[0][:70]
        print(
            f"{number:3}/{len(chosen)} {verdict.seconds:5.1f} s  {verdict.mutation.file}: {line}\n        {said}",
            flush=True,
        )
        if not verdict.noticed_by:
            survivors.append(verdict.mutation)
    share = 1 - len(survivors) / len(chosen)
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} killed ({share:.0%})")
    for survivor in survivors:
        print(f"survived: {survivor.file}: {survivor.old!r} became {survivor.new!r}")
    return 0 if share >= SHARE_MIN else 1


if __name__ == "__main__":
    sys.exit(main())
