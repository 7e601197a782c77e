"""
What is looked for on a page: what a screen reader stumbles over, what sticks out, where the tabulator key leads.
"""

from collections.abc import Iterator

import attrs
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

STOPS_MAX = 400

_AXE = "rules => axe.run(document, {resultTypes: ['violations'], ...(rules ? {runOnly: rules} : {})})"

_STICKING_OUT = """() => {
  const wide = document.documentElement.clientWidth;
  const told = [];
  const rightToLeft = getComputedStyle(document.body).direction === "rtl";
  const tell = (what, element) => told.push(
    `${what}: <${element.tagName.toLowerCase()} class="${element.getAttribute("class") || ""}"> `
    + `${element.textContent.trim().replace(/\\s+/g, " ").slice(0, 40)}`);
  const scrolls = (element) => {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement)
      if (["auto", "scroll"].includes(getComputedStyle(one).overflowX)) return true;
    return false;
  };
  const hidden = (element) => {  // Said to screen readers alone.
    for (let one = element; one && one !== document.body; one = one.parentElement)
      if (getComputedStyle(one).clipPath === "inset(50%)") return true;
    return false;
  };
  if (document.scrollingElement.scrollWidth > wide)
    told.push(`the page is ${document.scrollingElement.scrollWidth} wide in a window of ${wide}`);
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.checkVisibility({visibilityProperty: true}) || element.closest("svg svg, svg *")) continue;
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const aside = rightToLeft ? box.left >= wide : box.right <= 0;  // Where nobody can scroll to.
    if (box.width <= 1 || box.height <= 1 || box.bottom <= 0 || aside || hidden(element)) continue;
    if ((box.right > wide + 1 || box.left < -1) && !scrolls(element)) tell("outside the window", element);
    const speaks = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    const cut = element.clientWidth > 0 && element.scrollWidth > element.clientWidth + 1;
    if (speaks && cut && !["auto", "scroll"].includes(style.overflowX) && style.textOverflow !== "ellipsis")
      tell("wider than its box", element);
  }
  return told;
}"""

_STOPS = """() => {
  const groups = new Set();
  return [...document.querySelectorAll(
    "a[href], button, input:not([type=hidden]), select, textarea, summary, iframe, [tabindex='0']"
  )].filter((element) => {
    if (element.disabled || element.tabIndex < 0 || element.closest("[inert]")) return false;
    if (!element.checkVisibility({visibilityProperty: true})) return false;
    if (element.type !== "radio") return true;
    const group = element.form + "/" + element.name;
    return groups.has(group) ? false : groups.add(group);
  });
}"""

_FROM_THE_TOP = """() => {
  delete window.stampledgerStops;
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo(0, 0);
}"""

_TOLD = """(element) => {
  const name = element.getAttribute("aria-label") || element.textContent.trim() || element.name
    || element.getAttribute("href") || element.id;
  return `<${element.tagName.toLowerCase()}> ${name.replace(/\\s+/g, " ").slice(0, 60)}`;
}"""

_FOCUSED = """() => {
  const element = document.activeElement;
  if (!element || element === document.body || element === document.documentElement) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  if (!window.stampledgerStops) window.stampledgerStops = new Map();
  const stops = window.stampledgerStops;
  const still = [...stops.keys()].pop() === element;  // A date has several stops, a frame those of its own page.
  const again = stops.has(element);
  if (!again) stops.set(element, stops.size);
  return {
    again, still,
    told: (TOLD)(element),
    shown: element.tagName === "IFRAME"  // Its own page shows where the focus is.
      || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== "none",
    inside: box.width > 0 && box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight,
  };
}""".replace("TOLD", _TOLD)

_PASSED_OVER = f"""() => {{
  const stops = window.stampledgerStops || new Map();
  const grouped = (element) => element.type === "radio"
    && [...stops.keys()].some((one) => one.name === element.name && one.form === element.form);
  return ({_STOPS})().filter((element) => !stops.has(element) && !grouped(element)).map({_TOLD});
}}"""


@attrs.frozen
class Stop:
    """Something that the tabulator key comes to."""

    told: str
    shown: bool  # Whether one sees that it has the focus.
    inside: bool  # Whether it is in the window.


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds on a page, one line each: by all its rules, or by some."""
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(_AXE, list(rules) or None)["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['target']} {node['html'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


def sticking_out(page: Page) -> list[str]:
    """What is wider than the window, or than the box it is in; what scrolls by itself may be."""
    found: list[str] = page.evaluate(_STICKING_OUT)
    return found


def stops(page: Page) -> Iterator[Stop]:
    """Press the tabulator key from the top of a page to its end, and answer where it leads."""
    page.evaluate(_FROM_THE_TOP)
    for _ in range(STOPS_MAX):
        page.keyboard.press("Tab")
        at = page.evaluate(_FOCUSED)
        if at is None or (at["again"] and not at["still"]):
            return
        if at["again"]:
            continue
        yield Stop(at["told"], at["shown"], at["inside"])
    raise AssertionError(f"more than {STOPS_MAX} stops, or a trap")


def unreachable(page: Page) -> list[str]:
    """What can be clicked or filled in and is not come to by the tabulator key, or not seen to be."""
    found = [f"not seen to have the focus: {stop.told}" for stop in stops(page) if not (stop.shown and stop.inside)]
    missed: list[str] = page.evaluate(_PASSED_OVER)
    return found + [f"passed over: {told}" for told in missed]
