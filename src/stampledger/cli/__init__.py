"""Words in, commands out: `stampledger`, the command line.

Importing this loads nothing; a command loads what it needs when it runs, so that `--help` answers at once.
"""

import sys
from collections.abc import Sequence

from stampledger.cli import exits


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line (the process's own, where none is given) and answer its exit code."""
    try:
        from stampledger.cli import app
    except ModuleNotFoundError as error:
        if error.name not in ("click", "rich"):
            raise
        sys.stderr.write("stampledger: the command line needs its extra; run: pip install 'stampledger[cli]'\n")
        return exits.USAGE
    return app.run(sys.argv[1:] if arguments is None else list(arguments))
