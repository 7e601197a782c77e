"""Print the program that the README shows first, so that it can be run where nothing but the library is."""

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"


def first_program() -> str:
    """Answer the README's first sample."""
    found = re.search(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found is not None, "the README shows no program"
    return found[1]


if __name__ == "__main__":
    sys.stdout.write(first_program())
