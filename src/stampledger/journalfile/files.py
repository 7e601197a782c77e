"""Files that are there whole or not at all, and files that are read twice."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import IO, BinaryIO, cast

from stampledger.errors import InvalidInput

Target = str | PathLike[str] | BinaryIO  # A path, or a file that is open for bytes.
Source = str | PathLike[str] | BinaryIO


@contextmanager
def whole_file(target: Target, field: str = "file") -> Iterator[IO[bytes]]:
    """Write a file under another name, which gets its own once it is whole; an open file is written as it is.

    Raises:
        InvalidInput: It is no path, a database, or in no folder.
    """
    if not isinstance(target, str | PathLike):
        try:
            target.write(b"")
        except Exception as error:
            raise InvalidInput(field, target, "must be the path of a file, or one that is open for bytes") from error
        yield target
        return
    path, file = _begun(target, field)
    unfinished = Path(file.name)
    with file:
        if unfinished == path:
            yield file
            return
        try:
            yield file
            file.close()
            unfinished.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            unfinished.replace(path)
        except BaseException:
            file.close()
            unfinished.unlink(missing_ok=True)
            raise


def _begun(target: str | PathLike[str], field: str) -> tuple[Path, IO[bytes]]:
    """Answer where a file is to be, and the file to write; a device or a pipe is written where it is."""
    try:
        path = Path(target).resolve()
        if path.exists() and not path.is_file():
            return path, path.open("wb")
        if _is_database(path):
            raise InvalidInput(field, str(target), "must not be a database")
        if not path.parent.is_dir():
            raise InvalidInput(field, str(target), "must be in a folder that is there")
        unfinished = tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    except (OSError, ValueError, TypeError) as error:
        raise _no_path(target, field, "cannot be written", error) from error
    return path, cast(IO[bytes], unfinished)


@contextmanager
def opened(source: Source) -> Iterator[tuple[IO[bytes], str]]:
    """Answer a file that can be read more than once, and what it is called.

    Raises:
        InvalidInput: It cannot be read, or not twice.
    """
    if isinstance(source, str | PathLike):
        try:
            file = Path(source).open("rb")  # noqa: SIM115
        except (OSError, ValueError, TypeError) as error:
            raise _no_path(source, "file", "cannot be read", error) from error
        with file:
            yield file, str(source)
        return
    try:
        suits = source.seekable() and isinstance(source.read(0), bytes)
    except Exception:
        suits = False
    if not suits:
        reason = "must be the path of a file, or one that is open for bytes and can be rewound"
        raise InvalidInput("file", source, reason)
    yield source, str(getattr(source, "name", "file"))


def _no_path(path: object, field: str, what: str, error: Exception) -> InvalidInput:
    return InvalidInput(field, str(path), f"{what} ({getattr(error, 'strerror', None) or 'it is no path'})")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _is_database(path: Path) -> bool:
    if not path.exists():
        return False
    with path.open("rb") as file:
        return file.read(16) == b"SQLite format 3\0"
