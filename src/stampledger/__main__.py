"""`python -m stampledger`: the command line."""

import sys

from stampledger.cli import main

if __name__ == "__main__":
    sys.exit(main())
