"""
The table of messages is whole: every language says everything, with the same facts in it.
"""

from string import Formatter

import pytest

from stampledger.errors import InvalidInput
from stampledger.render.languages import DEFAULT_LANGUAGE, LANGUAGES, MESSAGES, known_language, language, say


def placeholders(message: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(message)} - {None}


@pytest.mark.parametrize("key", MESSAGES)
def test_every_language_has_every_message(key: str):
    """
    Every message is there in every language, none is empty, and all of a row tell the same facts.
    """
    row = MESSAGES[key]

    facts = {lang: placeholders(message) for lang, message in row.items()}

    assert list(LANGUAGES) == list(row)
    assert all(message.strip() == message != "" for message in row.values())
    assert all(facts[DEFAULT_LANGUAGE] == told for told in facts.values())


@pytest.mark.parametrize(
    ("tag", "lang"),
    [("ko", "ko"), ("KO", "ko"), ("ko-KR", "ko"), ("ko_KR", "ko"), ("az-Arab", "az"), ("azb", "az"), ("de-AT", "de")],
)
def test_language_tags(tag: str, lang: str):
    """
    A language may be given with a region or script, and in any case of letters.
    """
    assert lang == language(tag)


@pytest.mark.parametrize("tag", ["fr", "", "-", "korean", None, 7])
def test_unknown_language(tag: object):
    """
    A language the page does not speak is refused, with the ones it speaks.
    """
    with pytest.raises(InvalidInput) as caught:
        language(tag)

    assert "lang" == caught.value.field
    assert "en, ko, th, az, de" in str(caught.value)
    assert known_language(tag) is None


def test_text_of_another_direction():
    """
    Text put into a message of the other direction is isolated, so that brackets and numbers stay where they belong.
    """
    arabic = say("en", "next_reward", reward="قهوه", count=3)
    latin = say("az", "next_reward", reward="Coffee", count=3)
    plain = say("en", "next_reward", reward="Coffee", count=3)

    assert "Next reward: \u2068قهوه\u2069 (3 to go)" == arabic
    assert "\u2068Coffee\u2069" in latin
    assert "Next reward: Coffee (3 to go)" == plain
