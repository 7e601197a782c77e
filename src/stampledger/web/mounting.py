"""Addresses as a browser is told them: below wherever the application is mounted, and never on another site."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode


def root(scope: Mapping[str, Any]) -> str:
    """Answer the path the application is mounted at, quoted, without a slash at its end.

    Two slashes at its beginning would be another site's name, so there is never more than one.
    """
    return _path(scope.get("root_path", ""))


def outside(scope: Mapping[str, Any], place: str) -> str:
    """Answer the address of a place of the service that mounted the application: below a proxy's path, as it is itself.

    A whole address, of another site, stays as it is.
    """
    on_this_site = place.startswith("/") and not place.startswith("//")
    return (_path(scope.get("app_root_path", "")) if on_this_site else "") + place.rstrip("/")


def _path(told: object) -> str:
    parts = str(told).strip("/")
    return "/" + quote(parts, safe="/", errors="replace") if parts else ""


def here(scope: Mapping[str, Any], params: Iterable[tuple[str, str]] = ()) -> str:
    """Answer the path that was asked for, with other parameters."""
    path = "/" + quote(str(scope["path"]).lstrip("/"), safe="/", errors="replace")
    query = urlencode(list(params), errors="replace")
    return f"{path}?{query}" if query else path
