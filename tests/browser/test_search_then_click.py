"""
Somebody searches with keys and then takes the mouse: what is found stays, and the first click counts.
"""

import re

from playwright.sync_api import expect


def test_card_found_and_opened(settled, page):
    """
    Leaving the field does not search once more: the panel that the click opens would go with the list's renewal.
    """
    page.goto(settled("/cards"))
    page.locator("#search").press_sequentially("mia", delay=20)
    expect(page.locator(".card-rows tbody tr")).to_have_count(1)
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/static/" not in request.url else None)

    page.get_by_role("link", name="#100001").click()

    expect(page.locator("#panel-title")).to_have_text("#100001 - Mia")
    page.wait_for_load_state("networkidle")
    expect(page.locator("#panel-title")).to_have_text("#100001 - Mia")
    assert [settled("/cards/100001?search=mia")] == asked


def test_entry_found_and_followed(settled, page):
    """
    A slow press on a link of a found entry follows it: the rows are not renewed between its going down and up.
    """
    page.goto(settled("/journal"))
    page.locator("#search").press_sequentially("mia", delay=20)
    expect(page.locator("#rows tr")).to_have_count(9)

    page.locator("#rows a", has_text="Customer view").first.click(delay=400)

    expect(page).to_have_url(re.compile(r"/cards/100001/view\?scan="))


def test_other_fields_of_the_search(settled, page):
    """
    What is chosen beside the search field narrows at once, without a button.
    """
    page.goto(settled("/cards"))
    page.locator("#template").select_option("lunch")
    expect(page.locator(".card-rows tbody tr")).to_have_count(2)

    page.goto(settled("/journal"))
    page.locator(".filter > summary").click()
    page.get_by_label("Voucher redeemed").check()
    expect(page.locator("#rows tr")).to_have_count(3)
