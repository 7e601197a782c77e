"""QR and bar codes, as plain shapes: what a phone's screen shows and a till reads."""

import re
from typing import Any
from uuid import UUID

import attrs

from stampledger.render.extra import web_extra

BARCODE_LENGTH_MAX = 25  # More would make lines too thin to be read from a phone.


@attrs.frozen
class Symbol:
    """A code's dark parts, as the path of an SVG of that size; a light margin is included."""

    width: int
    height: int
    path: str


def qr_payload(voucher_id: UUID) -> str:
    """Answer what a voucher's QR code says: its id, since a redeem code may be shared by many vouchers.

    It is a URN, which `uuid.UUID` reads as it is.
    """
    return voucher_id.urn


def barcode_payload(redeem_code: str | None) -> str | None:
    """Answer what a voucher's bar code says: its redeem code; None where Code 128 cannot show it legibly."""
    if redeem_code is None or len(redeem_code) > BARCODE_LENGTH_MAX:
        return None
    return redeem_code if redeem_code.isascii() and redeem_code.isprintable() and redeem_code.strip() else None


def qr_modules(payload: str) -> tuple[tuple[bool, ...], ...]:
    """Answer a QR code's rows, true where it is dark; without the light margin it needs.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import zxingcpp
    code = zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    image: Any = code.to_image(scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    return tuple(tuple(shade == 0 for shade in row) for row in rows)


def qr_symbol(payload: str) -> Symbol:
    """Draw a QR code.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import zxingcpp
    return _symbol(zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.QRCode, ec_level="M").to_svg())


def barcode_symbol(payload: str) -> Symbol:
    """Draw a Code 128 bar code.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    with web_extra():
        import zxingcpp
    return _symbol(zxingcpp.create_barcode(payload, zxingcpp.BarcodeFormat.Code128).to_svg())


def _symbol(svg: str) -> Symbol:
    """Take size and path out of an SVG that draws all dark parts as one path on a white ground."""
    size = re.search(r'<svg width="(\d+)" height="(\d+)"', svg)
    paths = re.findall(r'<path d="([0-9MmHhVvZz. -]+)"', svg)
    assert size is not None and len(paths) == 1, svg
    return Symbol(int(size[1]), int(size[2]), paths[0])
