"""Words from outside, such as names: whatever is in them, a terminal only shows them."""

# A control character is shown as the picture Unicode has of it; those without one as the replacement character.
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"}
_CONTROLS = _PICTURES | {0x7F: "␡"} | dict.fromkeys(range(0x80, 0xA0), "�")
# Unicode's own ends of lines, and what turns the direction of all that follows.
_TURNS = {0x2028: " ", 0x2029: " "} | dict.fromkeys(range(0x202A, 0x202F), "")
_SHOWN = _CONTROLS | _TURNS

# What sets words apart that run another way; left out where a drawing does so itself.
ISOLATES = dict.fromkeys(range(0x2066, 0x206A), "")


def harmless(text: str) -> str:
    """Answer a text that gives a terminal no orders, however it came into the ledger; its lines and tabs are kept."""
    return text.translate(_SHOWN)
