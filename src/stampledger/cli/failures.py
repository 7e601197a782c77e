"""What went wrong, as an exit code and one sentence with the error's stable code; never a traceback of ours."""

from stampledger.cli import exits
from stampledger.errors import (
    BusinessNotFound,
    Corrupt,
    InvalidInput,
    InvalidRows,
    NotALedger,
    NotFound,
    Refused,
    StampledgerError,
)

ROWS_SHOWN_MAX = 20


def told(error: Exception) -> tuple[int, str]:
    """Answer the exit code of an error, and the sentence that tells it.

    Raises:
        Exception: The error itself, where it is a bug.
    """
    match error:
        case Refused() | NotFound():
            return exits.REFUSED, sentence(error)
        case InvalidInput():
            return exits.USAGE, sentence(error)
        case Corrupt():
            return exits.CORRUPT, sentence(error)
        case StampledgerError():
            return exits.STORAGE, sentence(error)
        case ImportError() if "pip install" in str(error):
            return exits.USAGE, f"{error} (extra_missing)"
        case OSError():
            return exits.STORAGE, f"{error.filename or 'the output'}: {error.strerror or error} (output_failed)"
        case _:
            raise error


def sentence(error: StampledgerError) -> str:
    """Say what went wrong; a file's bad rows on lines of their own."""
    if isinstance(error, InvalidRows):
        lines = [f"{error.field}: {error.reason} ({error.code})"]
        lines += [f"  {row}" for row in error.rows[:ROWS_SHOWN_MAX]]
        if len(error.rows) > ROWS_SHOWN_MAX:
            lines.append(f"  … and {len(error.rows) - ROWS_SHOWN_MAX} more")
        return "\n".join(lines)
    if isinstance(error, BusinessNotFound):
        return f"{error}; name one with --business or STAMPLEDGER_BUSINESS ({error.code})"
    if isinstance(error, NotALedger):
        return f"{error}; name a ledger with --db or STAMPLEDGER_DB ({error.code})"
    return f"{error} ({error.code})"
