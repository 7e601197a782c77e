"""Style, script and icons: files that never change under their address."""

import hashlib
from functools import cache
from importlib import resources
from os import stat_result
from typing import Any

from starlette.responses import Response
from starlette.staticfiles import StaticFiles


class Static(StaticFiles):
    """The files of the folder `static`, kept by browsers for as long as they like."""

    def __init__(self) -> None:
        super().__init__(packages=[("stampledger.web", "static")])

    def file_response(self, full_path: Any, stat_result: stat_result, scope: Any, status_code: int = 200) -> Response:
        """Answer a file."""
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@cache
def version(file: str) -> str:
    """Answer what an address carries so that a changed file has another: the beginning of its hash."""
    content = resources.files("stampledger.web").joinpath("static", file).read_bytes()
    return hashlib.sha256(content).hexdigest()[:12]
