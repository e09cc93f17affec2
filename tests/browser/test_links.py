"""Links in a real Chromium: the same view in a fresh browser, hidden controls, the copy button."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.browser

LINK = "Copy link"


def number(page: Page, label: str) -> Locator:
    return page.get_by_role("spinbutton", name=label, exact=True)


def menu(page: Page) -> list[str]:
    links = page.get_by_test_id("stSidebarNav").get_by_role("link").all_inner_texts()
    return [words.split()[-1] for words in links]  # after the icon's name


def fold(page: Page) -> Locator:
    return page.locator(".namerec-explain details")


def test_a_copied_link_opens_the_same_form_in_a_fresh_browser_without_what_it_hides(
    server, watched
):
    first = watched()
    first.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = first.page
    page.goto(f"{server.url}/train?network=rnn&seed=11&hide=dataset,batch_size,nonsense")
    expect(page).to_have_url(re.compile("preset=fast"))
    number(page, "Epochs").fill("7")
    number(page, "Epochs").press("Tab")
    expect(page).to_have_url(re.compile("epochs=7"))
    expect(fold(page)).to_have_attribute("open", "")
    fold(page).get_by_text("What am I looking at?").click()
    expect(fold(page)).not_to_have_attribute("open", "")
    copy = page.get_by_role("button", name=LINK)
    copy.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    expect(page).to_have_url(copied)
    page.reload()
    expect(number(page, "Epochs")).to_have_value("7")
    expect(fold(page)).not_to_have_attribute("open", "")

    second = watched(width=800, theme="dark")
    page = second.page
    page.goto(copied)
    expect(number(page, "Epochs")).to_have_value("7")
    expect(number(page, "Hidden units")).to_have_value("128")
    expect(number(page, "Batch size")).to_have_count(0)
    page.get_by_text("More settings").click()
    expect(number(page, "Seed")).to_have_value("11")
    expect(page.get_by_role("radio", name="RNN", exact=True)).to_be_checked()
    expect(page.get_by_text("Settings in use: RNN")).to_contain_text("batch 128")
    expect(page.get_by_text("This link asks to hide “nonsense”")).to_be_visible()
    expect(fold(page)).to_have_attribute("open", "")
    assert "Dataset" not in menu(page)
    assert "Evaluate" in menu(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Name", exact=True).click()
    expect(page).to_have_url(re.compile(r"/name\?.*hide=dataset"))
    assert "Dataset" not in menu(page)
    first.assert_calm()
    second.assert_calm()


def test_a_link_carries_run_name_section_and_surgery_and_the_browser_goes_back(server, watched):
    lab = watched()
    page = lab.page
    # As over http on a network, where no clipboard may be used.
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', {get: () => false})")
    page.goto(f"{server.url}/name?name=Nguyen&look=surgery&cuts=1f0,1u3-5&hide=many")
    expect(page.get_by_text("forget gate held at 0, units 3, 4 and 5 silenced")).to_be_visible()
    expect(page.get_by_text("Many names", exact=True)).to_have_count(0)
    expect(page).to_have_url(re.compile(r"run=.*cuts=1f0"))
    page.get_by_text("Compare runs", exact=True).click()
    expect(page).to_have_url(re.compile("look=compare"))
    expect(page).not_to_have_url(re.compile("cuts"))
    page.go_back()
    expect(page.get_by_text("forget gate held at 0, units 3, 4 and 5 silenced")).to_be_visible()
    page.go_forward()
    expect(page.get_by_text("Compare with")).to_be_visible()
    expect(page.get_by_role("textbox", name="Surname")).to_have_value("Nguyen")
    page.get_by_role("button", name=LINK).click()
    field = page.get_by_role("textbox", name="Link to what is seen now")
    expect(field).to_have_value(re.compile("name=Nguyen&look=compare"))
    assert page.evaluate("getSelection().toString()") == field.input_value()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    lab.assert_calm()


def chosen(page: Page, name: str) -> None:
    expect(page.get_by_role("radio", name=name, exact=True)).to_be_checked()


def test_back_undoes_each_change_and_a_page_of_the_menu_is_one_step(server, watched):
    lab = watched()
    page = lab.page
    page.goto(f"{server.url}/evaluate?part=train&priors=50&order=support")
    chosen(page, "support")
    chosen(page, "Training names")
    expect(
        page.get_by_role("slider", name="Treat all languages as equally common")
    ).to_have_attribute("aria-valuetext", "50%")
    for order in ("similarity", "name"):
        page.get_by_role("radio", name=order, exact=True).click()
        expect(page).to_have_url(re.compile(f"order={order}"))
    for order in ("similarity", "support"):
        page.go_back()
        chosen(page, order)
        expect(page).to_have_url(re.compile(f"order={order}"))
    page.go_forward()
    chosen(page, "similarity")
    expect(page).to_have_url(re.compile("order=similarity"))
    copied = page.url
    menu_of = page.get_by_test_id("stSidebarNav")
    menu_of.get_by_role("link", name="Memory", exact=True).click()
    expect(page).to_have_url(re.compile(r"/memory\?"))
    steps = page.evaluate("history.length")
    menu_of.get_by_role("link", name="Evaluate", exact=True).click()
    expect(page).to_have_url(copied)
    chosen(page, "similarity")
    assert page.evaluate("history.length") - steps == 2, "the menu's own, and the page's"
    lab.assert_calm()


def test_a_lesson_goes_on_and_back_on_one_page(server, watched):
    lab = watched()
    page = lab.page
    page.goto(f"{server.url}/name?lesson=gates:2&look=surgery&name=Kowalski&cuts=1f0")
    expect(page.get_by_text("forget gate held at 0").last).to_be_visible()
    bar = page.locator(".st-key-lesson_bar")
    for label, number, held in (("Next", 3, 1), ("Back", 2, 0), ("Next", 3, 1)):
        bar.get_by_role("link", name=label).click()
        expect(bar).to_contain_text(f"step {number} of 6")
        expect(page.get_by_text(f"Surgery: forget gate held at {held}")).to_be_visible()
        expect(page).to_have_url(re.compile(f"lesson=gates%3A{number}.*cuts=1f{held}"))
    lab.assert_calm()
