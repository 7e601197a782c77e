"""
How long a coupon is good is what was filled in last.
"""

from playwright.sync_api import expect


def test_filled_in_is_chosen(settled, page):
    """
    Filling in days, months or a day chooses that limit; nobody has to press the dot before it too.
    """
    page.goto(settled("/cards/100001/coupon"))
    expect(page.locator("#valid-always")).to_be_checked()

    page.get_by_label("How many days").fill("14")
    expect(page.locator("#valid-days")).to_be_checked()
    page.get_by_label("The last day it is good").fill("2026-12-24")
    expect(page.locator("#valid-until")).to_be_checked()
    page.get_by_label("Without limit").check()
    expect(page.locator("#valid-always")).to_be_checked()
