"""Two pages beside each other: what the customer saw then, and what the same card shows now."""

import unicodedata
from collections.abc import Iterator
from itertools import zip_longest

from stampledger.errors import InvalidInput
from stampledger.render.page import CustomerPage

WIDTH_MIN = 24
GAP = " │ "


def compare(then: CustomerPage, now: CustomerPage, width: int = 100) -> str:
    """Show two pages in two equally wide columns, *width* terminal cells together.

    Raises:
        InvalidInput: *width* leaves no room for two columns.
    """
    if width < WIDTH_MIN:
        raise InvalidInput("width", width, f"must be at least {WIDTH_MIN}")
    column = (width - len(GAP)) // 2
    left, right = ([line for text in _text(page) for line in wrapped(text, column)] for page in (then, now))
    rows = zip_longest(left, right, fillvalue="")
    return "\n".join((padded(mine, column) + GAP + theirs).rstrip() for mine, theirs in rows) + "\n"


def cells(text: str) -> int:
    """Answer how many terminal cells a text takes: Korean letters two, marks above or below a letter none."""
    return sum(_cells(character) for character in text)


def padded(text: str, width: int) -> str:
    """Fill a text with spaces up to a width in cells."""
    return text + " " * (width - cells(text))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Break a line into lines of at most *width* cells: between words where possible, never before a mark."""
    line = ""
    for word in _words(text):
        if line and cells(line + word.rstrip()) > width:
            yield line.rstrip()
            line = ""
        for letter in _letters(word):
            if cells(line + letter) > width and not letter.isspace():
                yield line
                line = ""
            line += letter
    yield line.rstrip()


def _text(page: CustomerPage) -> list[str]:
    # Composed, so that a Korean syllable spelt in parts takes the cells it shows.
    heading, *lines = [page.as_of, *page.text().splitlines()[:-1]]
    return [unicodedata.normalize("NFC", line) for line in (heading, "", *lines)]


def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _words(text: str) -> Iterator[str]:
    """Each word together with the spaces behind it."""
    start = 0
    for index in range(1, len(text)):
        if text[index - 1].isspace() and not text[index].isspace():
            yield text[start:index]
            start = index
    yield text[start:]


def _letters(word: str) -> Iterator[str]:
    """Each letter together with its marks."""
    start = 0
    for index in range(1, len(word)):
        if _cells(word[index]):
            yield word[start:index]
            start = index
    if word:
        yield word[start:]
