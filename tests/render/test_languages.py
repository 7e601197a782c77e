"""
Which language somebody is spoken to in.
"""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stampledger.errors import InvalidInput
from stampledger.render.languages import LANGUAGES, known_language, language, preferred


@pytest.mark.parametrize(
    ("tag", "lang"),
    [
        ("ko", "ko"),
        ("KO", "ko"),
        ("ko-KR", "ko"),
        ("ko_KR", "ko"),
        ("az", "az"),
        ("az-Arab", "az"),
        ("azb", "az"),
        ("de-AT", "de"),
        ("uk-UA", "uk"),
        ("zh-Hans-CN", "zh"),
        ("zh-TW", "zh"),
        ("cmn", "zh"),
    ],
)
def test_language_tags(tag: str, lang: str):
    """
    A language may be given with a region or script, and in any case of letters.
    """
    assert lang == language(tag)


@pytest.mark.parametrize("tag", ["it", "", "-", "korean", "az-Latn", "az_Cyrl_AZ", None, 7])
def test_unknown_language(tag: object):
    """
    A language the pages do not speak, or not in that script, is refused, with the ones they speak.
    """
    with pytest.raises(InvalidInput) as caught:
        language(tag)

    assert "lang" == caught.value.field
    assert "en, ko, th, az, de, fr, es, uk, ja, zh" in str(caught.value)
    assert known_language(tag) is None


def test_every_language_says_what_it_is():
    """
    No two languages share a tag or a name, and a language's own tag means it.
    """
    known = LANGUAGES.values()

    assert len(known) == len({language.name for language in known}) == len({language.tag for language in known})
    assert list(LANGUAGES) == [known_language(language.tag) for language in known]
    assert ["az"] == [lang for lang, language in LANGUAGES.items() if language.direction == "rtl"]


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.8", "de"),
        ("en;q=0.8,de;q=0.9", "de"),
        ("en;q=0.8, de ; q = 0.9", "de"),
        ("it-IT,it;q=0.9,fr;q=0.4", "fr"),
        ("fr;q=0,en;q=0.1", "en"),
        ("fr;q=0.5,es;q=0.5", "fr"),
        ("azb", "az"),
        ("az-Arab-IR,en;q=0.5", "az"),
        ("az-IR,en;q=0.5", "az"),
        ("az-AZ,az;q=0.9,ru;q=0.8,en;q=0.7", "en"),
        ("az-Latn", None),
        ("zh-CN,zh;q=0.9", "zh"),
        ("*", None),
        ("it", None),
        ("de;q=0", None),
        ("de;q=1.5,fr;q=0.1", "fr"),
        ("de;q=nan,fr;q=0.1", "fr"),
        (";;;,,,q=1", None),
        ("", None),
        (None, None),
    ],
)
def test_what_a_browser_asks_for(header: str | None, lang: str | None):
    """
    The language of the highest weight goes first, of equal ones the first; a weight of 0 is a no.
    """
    assert lang == preferred(header)


WEIGHTS = st.integers(0, 1000)
TAGS = st.sampled_from([*LANGUAGES, "de-AT", "it", "*", "azb"]).filter(lambda tag: tag != "az")


@given(st.lists(st.tuples(TAGS, WEIGHTS), max_size=12))
def test_no_other_language_is_liked_better(wishes: list[tuple[str, int]]):
    """
    Of the languages we speak and somebody reads at all, none has a higher weight, and none of that weight stands first.
    """
    ours = [(known_language(tag), weight) for tag, weight in wishes if known_language(tag) and weight]

    found = preferred(",".join(f"{tag};q={weight / 1000:.3f}" for tag, weight in wishes))

    heaviest = max((weight for _, weight in ours), default=0)
    assert next((lang for lang, weight in ours if weight == heaviest), None) == found


@given(st.text() | st.text("deazfr-,;q=01.* ", max_size=200))
def test_any_header(header: str):
    """
    Whatever is sent, the answer is one of our languages or none.
    """
    assert preferred(header) in {None, *LANGUAGES}


@pytest.mark.parametrize("piece", ["de;q=0.5,", ",", "a", "-", "de;q=0.", " ", "de;" + " " * 50])
def test_long_header(piece: str):
    """
    A header of many megabytes takes no longer than a short one.
    """
    header = piece * (20_000_000 // len(piece))

    before = time.perf_counter()
    preferred(header)

    assert time.perf_counter() - before < 0.1
