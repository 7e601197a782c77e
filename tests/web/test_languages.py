"""
The back office in every language we have.
"""

import pytest
from starlette.testclient import TestClient

from stampledger.render.languages import LANGUAGES
from stampledger.render.words import Words

PAGES = {
    "/": ("Dashboard", "Stamps added"),
    "/journal": ("Card Events", "Live mode"),
    "/cards": ("User stamp cards", "All platforms"),
    "/cards/100003": ("Detailed card", "View history"),
    "/cards/100003/history": ("The card after each of its entries", "What happened"),
    "/cards/100003/view": ("What happened at this scan", "What has changed since"),
    "/cards/100003/coupon": ("Issue coupon", "Valid for"),
    "/codes": ("What became of a code", "The whole code, as it was scanned"),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_in_every_language(client: TestClient, path: str, lang: str):
    """
    Every page says its sentences, and that it is, in the language asked for.
    """
    answer = client.get(f"{path}?lang={lang}")

    language = LANGUAGES[lang]
    assert (200, lang) == (answer.status_code, answer.headers["content-language"])
    assert f'<html lang="{language.tag}" dir="{language.direction}"' in answer.text
    for sentence in PAGES[path]:
        assert Words(lang).say(sentence) in answer.text
        assert lang == "en" or f">{sentence}<" not in answer.text


@pytest.mark.parametrize(
    ("path", "lang"),
    [("/nothing?lang=az", "az"), ("/cards/7?lang=de", "de"), ("/journal?before=x&lang=uk", "uk"), ("/?lang=xx", "en")],
)
def test_page_of_a_failure(client: TestClient, path: str, lang: str):
    """
    What went wrong is said in the language asked for, where it is one of ours.
    """
    answer = client.get(path)

    assert 400 <= answer.status_code < 500
    assert lang == answer.headers["content-language"]
    assert Words(lang).say("To the Journal") in answer.text
