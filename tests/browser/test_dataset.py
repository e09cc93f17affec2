"""The Dataset page in a real Chromium: from a file to a network trained on it, and how it fits."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_main_paths import go_to, set_number
from tests.conftest import tiny_lines

pytestmark = pytest.mark.browser


def table() -> bytes:
    """The tiny corpus as a table in semicolons, with a category that looks like markup."""
    rows = [
        f"{place};{line.name};{line.category.replace('Betan', '<b>Betan</b>')}"
        for place, line in enumerate(tiny_lines())
    ]
    return "\n".join(["number;word;kind", *rows]).encode()


def view(page: Page, title: str) -> None:
    page.get_by_test_id("stButtonGroup").get_by_role("radio", name=re.compile(title)).click()


def test_an_uploaded_table_becomes_a_corpus_and_a_network_is_trained_on_it(server, watched):
    lab = watched()
    page = lab.page
    page.goto(server.url)
    go_to(page, "Dataset")
    view(page, "Your corpora")
    page.locator("[data-testid=stFileUploader] input[type=file]").set_input_files(
        {"name": "my <i>words.csv", "mimeType": "text/csv", "buffer": table()}
    )
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_test_id("stAlert")).to_contain_text(
        "Imported “my <i>words”: 72 names in 3 categories"
    )
    expect(page).to_have_url(re.compile("corpus=own"))

    view(page, "Overview")
    labels = page.locator(".st-key-dataset_counts .ytick text")
    expect(labels.first).to_be_visible()
    assert "<b>Betan</b>" in labels.all_text_contents()

    page.get_by_role("button", name="Train on it").click()
    expect(page.get_by_role("combobox", name="Names", exact=False).first).to_be_visible()
    set_number(page, "Hidden units", "8")
    set_number(page, "Epochs", "3")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_test_id("stAlert").filter(has_text="Finished")).to_be_visible()

    go_to(page, "Dataset")
    expect(page.get_by_text("Even the best run here fails")).to_be_visible()
    view(page, "Your corpora")
    expect(page.get_by_text("1 run")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", name="Removed corpora that runs still use")).to_be_visible()
    assert page.get_by_test_id("stMain").locator("i", has_text="words").count() == 0
    lab.assert_calm()


def test_a_link_opens_the_same_corpus_view_and_search(server, watched):
    first = watched()
    first.page.goto(f"{server.url}/dataset?view=names")
    box = first.page.get_by_role("textbox", name="Search")
    box.fill("Dvořák")
    expect(first.page).to_have_url(re.compile("search="))
    second = watched()
    second.page.goto(first.page.url)
    expect(second.page.get_by_role("textbox", name="Search")).to_have_value("Dvořák")
    expect(second.page.get_by_text(re.compile(r"^\d of 10.853 distinct names"))).to_be_visible()
    second.assert_calm()
