"""The tests on every Python that is supported, and what a release has to pass: `make everywhere`, or `nox -s NAME`.

A Python that this machine lacks is skipped, with its name; STAMPLEDGER_REQUIRE_PYTHONS=1 makes that a failure. Nothing
is downloaded but the pinned requirements, and they are checked against their hashes, as for `make test`.
"""

import os
import shutil
import subprocess
from pathlib import Path

import nox

nox.needs_version = ">=2025.10.16"
nox.options.default_venv_backend = "none"  # uv makes the environments below: it looks for Pythons in more places.
nox.options.sessions = ["tests", "typed", "dist"]

ROOT = Path(__file__).parent
PYTHONS = ("3.11", "3.12", "3.13")
UV = os.environ.get("UV") or shutil.which("uv") or str(ROOT / ".venv-tools" / "bin" / "uv")


@nox.session
@nox.parametrize("python_version", PYTHONS, ids=PYTHONS)
def tests(session: nox.Session, python_version: str) -> None:
    """Style is one; types and behaviour are asked of every Python. Words after -- go to pytest."""
    python = environment(session, python_version, "dev")
    session.run(python, "-m", "mypy", "--strict", "--python-version", python_version, external=True)
    session.run(
        python, "-m", "pytest", "-n", "auto", "--maxprocesses", "8", "--dist", "loadfile", *session.posargs,
        external=True, env={"HYPOTHESIS_PROFILE": "ci"},
    )  # fmt: skip


@nox.session
def typed(session: nox.Session) -> None:
    """Every type of the installed package is known to pyright, told and not inferred."""
    session.run("make", "typed", external=True)


@nox.session
def dist(session: nox.Session) -> None:
    """The wheel and the sdist are built and checked, and the wheel works where only its dependencies are."""
    session.run("make", "dist-check", external=True)


def environment(session: nox.Session, version: str, requirements: str) -> str:
    """Make an environment of pinned requirements and the sources, and answer its Python."""
    found = interpreter(version)
    if found is None:
        missing = f"Python {version} is not on this machine"
        if os.environ.get("STAMPLEDGER_REQUIRE_PYTHONS"):
            session.error(missing)
        session.skip(missing)
    place = ROOT / ".nox" / f"{requirements}-{version}"
    python = str(place / "bin" / "python")
    pinned = ROOT / "requirements" / f"{requirements}.txt"
    session.run(UV, "venv", "--quiet", "--clear", "--python", found, str(place), external=True)
    session.run(UV, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(pinned), external=True)
    session.run(
        UV, "pip", "install", "--quiet", "--python", python, "--no-deps", "--no-build-isolation", "--editable", ".",
        external=True,
    )  # fmt: skip
    return python


def interpreter(version: str) -> str | None:
    """Answer a Python of a version: one on the path that runs, one of pyenv's or of uv's, or None."""
    names = [shutil.which(f"python{version}"), shutil.which("python3")]
    for place in (
        Path(os.environ.get("PYENV_ROOT", "~/.pyenv"), "versions").expanduser().glob(f"{version}*"),
        Path(os.environ.get("UV_PYTHON_INSTALL_DIR", "~/.local/share/uv/python"))
        .expanduser()
        .glob(f"cpython-{version}*"),
    ):
        names += sorted((str(path / "bin" / f"python{version}") for path in place), reverse=True)
    tell = "import sys; print('{}.{}'.format(*sys.version_info))"
    for name in filter(None, names):  # A shim may stand on the path for a version that is not chosen: it does not run.
        told = subprocess.run([name, "-c", tell], capture_output=True, text=True, timeout=60)
        if told.returncode == 0 and told.stdout.strip() == version:
            return name
    return None
