"""
The example shops as their first lines say they are started: by uvicorn, in a process of their own.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STARTS = {
    "starlette": [["uvicorn", "--factory", "examples.starlette_shop:create_app"]],
    "fastapi": [["uvicorn", "--factory", "examples.fastapi_shop:create_app"]],
    "django": [["examples.django_shop", "migrate"], ["uvicorn", "examples.django_shop.asgi:application"]],
}


@contextmanager
def started(commands: list[list[str]], folder: Path) -> Iterator[str]:
    """Run what prepares a shop, and then the shop itself; answers its address."""
    paths = os.pathsep.join([str(ROOT), str(ROOT / "src")])
    env = {**os.environ, "PYTHONPATH": paths, "SHOP_SECRET": "for this test alone"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env.pop("SHOP_DATABASE", None)
    *first, last = [[sys.executable, "-m", *command] for command in commands]
    for command in first:
        subprocess.run(command, cwd=folder, env=env, check=True, capture_output=True, timeout=60)
    serving = subprocess.Popen([*last, "--port", "0"], cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
    said = []
    try:
        assert serving.stderr is not None
        for line in serving.stderr:
            said.append(line)
            if found := re.search(r"running on (http://\S+)", line):
                yield found[1]
                break
        else:
            pytest.fail("".join(said))
    finally:
        serving.terminate()
        serving.communicate(timeout=30)


def post(address: str, told: dict[str, Any]) -> Any:
    request = urllib.request.Request(address, json.dumps(told).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


@pytest.mark.parametrize("shop", STARTS)
def test_served(shop, tmp_path):
    """
    The shop starts in an empty folder, gives a card, takes an order and shows the customer the card.
    """
    with started(STARTS[shop], tmp_path) as origin:
        member = post(f"{origin}/members", {"name": "Zoe", "email": "zoe@example.com"})
        ordered = post(f"{origin}/orders", {"number": "A-1", "card": member["card"], "coffees": 3})
        with urllib.request.urlopen(origin + member["page"], timeout=30) as answer:
            page = answer.read().decode()

    assert {"progress": "3/8", "repeated": False} == ordered
    assert "Coffee card" in page
