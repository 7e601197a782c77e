"""What a page needs beyond the library's core, asked for only when a page is made."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def web_extra() -> Iterator[None]:
    """Import inside it what the extra `web` brings, so that whoever lacks it is told how to get it."""
    try:
        yield
    except ImportError as error:
        raise ImportError(f"pages need {error.name}; run: pip install 'stampledger[web]'", name=error.name) from error
