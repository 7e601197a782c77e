"""
The back office in a real browser: it opens, under the path it is mounted at, and nothing is complained of.
"""

import pytest

from tests.browser import chromium


@pytest.mark.parametrize("path", ["/", "/journal", "/cards"])
def test_opens(settled, page, path):
    """
    A page opens in a browser that obeys its policy, and nothing on it is refused, missing or broken.
    """
    page.goto(settled(path))

    assert page.title().endswith(settled.ledger.brand().name)
    assert "none" != page.locator("header.top").evaluate("element => getComputedStyle(element).display")


def test_told_of_complaints(settled, page, complaints):
    """
    A browser's complaint reaches the test: a page that is not there, and a script that breaks.
    """
    page.goto(settled("/no/such/page"))
    page.evaluate("() => setTimeout(() => { throw new Error('broken on purpose') })")
    page.wait_for_timeout(50)

    assert 2 == len(complaints)
    assert "404" in complaints[0] and "broken on purpose" in complaints[1]
    complaints.clear()


def test_policy_obeyed(settled, page, complaints):
    """
    A script in the page itself does not run, whoever got it there.
    """
    page.goto(settled("/journal"))
    page.evaluate(
        "() => { const one = document.createElement('script'); one.textContent = 'window.ran = true';"
        " document.body.append(one); }"
    )

    assert page.evaluate("() => window.ran === undefined")
    assert len(complaints) == 1 and "Content Security Policy" in complaints[0]
    complaints.clear()


def test_no_browser(monkeypatch, tmp_path):
    """
    Where there is no browser a test is skipped, and says so; where one is asked for it fails instead.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(chromium.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="none of chromium"):
        chromium.found()

    monkeypatch.setenv(chromium.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="STAMPLEDGER_REQUIRE_BROWSER=1 asks for it"):
        chromium.found()
