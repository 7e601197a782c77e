"""A glance at stored states, for whoever counts many of them: a whole one takes ten times as long to make."""

from typing import Any

import msgspec

from stampledger.codec import Unreadable
from stampledger.errors import shown

_decode = msgspec.json.Decoder(dict[str, Any]).decode


def fields(state: bytes, *names: str) -> list[Any]:
    """Answer some fields of a state as they are stored.

    Raises:
        Unreadable: The bytes are no state, or a field is missing.
    """
    try:
        stored = _decode(state)
        return [stored[name] for name in names]
    except (msgspec.MsgspecError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise Unreadable(f"{type(error).__name__}: {shown(str(error))}") from error
