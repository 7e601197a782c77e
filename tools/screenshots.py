"""Take the pictures of docs/images again: the demonstration's back office, in the browser of this machine.

It is `make screenshots`, which needs Chromium.
"""

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
from PIL import Image
from playwright.sync_api import Browser

from tests.browser.chromium import running
from tests.browser.served import demo_office

IMAGES = Path(__file__).parents[1] / "docs/images"
COLOURS = 128
BYTES_MAX = 120 * 1024


@attrs.frozen
class Shot:
    """A picture: what it is called, the page it is of, and the window through which the page is seen."""

    name: str
    path: str
    width: int = 1440
    height: int = 900
    dark: bool = False


SHOTS = (
    Shot("dashboard", "/?per=hour&since=2026-05-12&until=2026-05-12"),
    Shot("journal", "/journal"),
    Shot("journal-phone", "/journal", width=390, height=844, dark=True),
    Shot("card", "/cards/100003", height=1240),
    Shot("then-and-now", "/cards/100003/view?scan=17&lang=az", height=1000),
    Shot("customer", "/cards/100003/page?scan=17&lang=ko", width=390, height=1330),
)


def take(browser: Browser, address: str, shot: Shot) -> bytes:
    """Open a page and answer what is seen of it, in as few colours as it needs."""
    context = browser.new_context(
        viewport={"width": shot.width, "height": shot.height},
        color_scheme="dark" if shot.dark else "light",
        locale="en-GB",
        reduced_motion="reduce",
        extra_http_headers={"x-login": "anna"},
    )
    page = context.new_page()
    page.goto(address, wait_until="networkidle")
    picture = Image.open(io.BytesIO(page.screenshot()))
    context.close()
    content = io.BytesIO()
    picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    with TemporaryDirectory() as folder, demo_office(Path(folder)) as office, running() as browser:
        for shot in SHOTS:
            content = take(browser, office(shot.path), shot)
            assert len(content) <= BYTES_MAX, f"{shot.name}: {len(content)} bytes are too many for a clone"
            (IMAGES / f"{shot.name}.png").write_bytes(content)
            print(f"docs/images/{shot.name}.png: {len(content):,} bytes")


if __name__ == "__main__":
    main()
