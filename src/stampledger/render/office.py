"""The back office in a browser: pages made from templates, whose words and values arrive from outside."""

from stampledger.render.environment import environment
from stampledger.render.languages import LANGUAGES


def office_html(template: str, lang: str, **values: object) -> str:
    """Make a page of the back office in a language.

    Raises:
        ImportError: The extra `web` is not installed.
    """
    page = environment().get_template(f"office/{template}")
    return page.render(lang=lang, language=LANGUAGES[lang], languages=LANGUAGES, **values)
