"""
A machine that has the wheel and what its core depends on, and nothing else: no extra, no test, no source.
"""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent


class Bare(NamedTuple):
    """Where everything lies that the machine has."""

    place: Path

    def run(self, program: str) -> subprocess.CompletedProcess[str]:
        """Run a program that can import what is here and the standard library."""
        begin = f"import sys; sys.path.insert(0, {str(self.place)!r})\n"
        return subprocess.run(
            [sys.executable, "-I", "-S", "-c", begin + program],
            cwd=self.place.parent, capture_output=True, text=True, timeout=120,
        )  # fmt: skip


def built(place: Path) -> Path:
    """Build the wheel of the sources as they are."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert 0 == done.returncode, done.stderr
    (wheel,) = place.glob("*.whl")
    return wheel


def furnished(place: Path, wheel: Path) -> Bare:
    """Unpack the wheel beside what it says it needs, as it is installed here."""
    place.mkdir()
    with ZipFile(wheel) as file:
        file.extractall(place)
    (info,) = place.glob("*.dist-info")
    wanted = list(metadata.PathDistribution(info).requires or ())
    known: set[str] = set()
    while wanted:
        requirement = Requirement(wanted.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in known or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        known.add(name)
        installed = metadata.distribution(requirement.name)
        wanted += installed.requires or ()
        for top in {file.parts[0] for file in installed.files or () if not file.parts[0].startswith(("..", "__py"))}:
            if not (place / top).exists():
                (place / top).symlink_to(Path(str(installed.locate_file(top))))
    return Bare(place)
