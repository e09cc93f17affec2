"""The lab's main paths, as a person walks them, in a real Chromium on a real server."""

import re

import pytest
from playwright.sync_api import Page, expect

from namerec.ui.dataset.page import VIEWS as DATASET_VIEWS
from namerec.ui.evaluate.sections import SECTIONS
from tests.browser.conftest import OVERFLOW, choose, settle, stop_button

pytestmark = pytest.mark.browser

# `wait_for_function` gets functions alone: an expression is evaluated anew at every look, which the
# lab's Content-Security-Policy forbids.
SHOWN = "() => document.querySelector('.st-key-loss_chart .chart')._fullLayout.xaxis.range"
EPOCHS = "() => document.querySelector('.st-key-accuracy_chart .chart')?.data?.[0]?.x?.length ?? 0"
UPDATES = "() => Number(document.querySelector('.st-key-accuracy_chart .chart').dataset.updates)"
#: Points are thinned in a long training; the last step is not.
LAST_STEP = "() => document.querySelector('.st-key-loss_chart .chart').data[0].x.at(-1)"
POINTS = "() => document.querySelector('.st-key-loss_chart .chart')?.data?.[0]?.x?.length ?? 0"


def go_to(page: Page, title: str) -> None:
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()


def set_number(page: Page, label: str, value: str) -> None:
    box = page.get_by_role("spinbutton", name=label, exact=True)
    box.fill(value)
    box.press("Tab")


def start_tiny_training(page: Page) -> None:
    go_to(page, "Train")
    page.get_by_role("button", name="Start training").wait_for()
    set_number(page, "Hidden units", "8")
    before = page.url
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("before => location.href !== before", arg=before)
    expect_state(page, "running")


def expect_state(page: Page, state: str) -> None:
    expect(page.locator(".st-key-run_head")).to_contain_text(state)


def test_a_network_trains_before_ones_eyes_and_is_found_again_after_a_refresh(server, watched):
    lab = watched()
    page = lab.page
    page.goto(server.url)
    expect(page.get_by_role("heading", name="Watch a network learn")).to_be_visible()
    server.let_train(2)
    start_tiny_training(page)
    page.wait_for_function(f"() => ({POINTS})() > 0")
    first = page.evaluate(LAST_STEP)
    server.let_train(4)
    page.wait_for_function(f"() => ({LAST_STEP})() > {first} + 20")
    mounted = page.evaluate("document.querySelector('.st-key-loss_chart .chart').dataset.updates")
    assert int(mounted) >= 2, "the chart was updated in place, not mounted again"
    run = re.search(r"run=([\w-]+)", page.url)
    assert run is not None

    page.reload()
    expect(page.get_by_text(f"run {run.group(1)}")).to_be_visible()
    expect_state(page, "running")

    page.get_by_role("button", name="Pause").click()
    expect_state(page, "paused")
    page.get_by_role("button", name="Resume").click()
    expect_state(page, "running")
    stop_button(page).click()
    expect_state(page, "stopped")
    lab.assert_calm()


def test_zoom_is_kept_while_the_chart_grows(server, watched):
    lab = watched()
    page = lab.page
    page.goto(server.url)
    server.let_train(5)
    start_tiny_training(page)
    page.wait_for_function(f"() => ({POINTS})() > 10")
    page.wait_for_function(f"() => ({EPOCHS})() > 3")
    box = page.locator(".st-key-loss_chart .nsewdrag").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"], steps=3)
    for epoch in (6, 7):  # two redraws come while dragging, seen at the chart beside it
        redrawn = page.evaluate(UPDATES)
        server.let_train(epoch)
        page.wait_for_function(f"() => ({UPDATES})() > {redrawn}")
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.8 * box["height"], steps=3)
    page.mouse.up()
    page.wait_for_function(f"() => ({SHOWN})()[0] > 1")
    zoomed = page.evaluate(SHOWN)
    seen = page.evaluate(LAST_STEP)
    server.let_train(9)
    page.wait_for_function(f"() => ({LAST_STEP})() > {seen} + 10")
    assert page.evaluate(SHOWN) == zoomed
    stop_button(page).click()
    expect_state(page, "stopped")
    lab.assert_calm()


def test_a_clicked_cell_lists_its_names(server, watched):
    lab = watched()
    page = lab.page
    page.goto(f"{server.url}/evaluate")
    plot = page.locator("[class*=st-key-matrix_] .js-plotly-plot")
    plot.locator(".nsewdrag").wait_for()
    plot.scroll_into_view_if_needed()
    cell = plot.evaluate(
        """plot => {
            const squares = plot.data.find(trace => trace.customdata);
            const at = ([row, column]) => row === 10 && column === 10;
            const place = squares.customdata.findIndex(at);
            const box = plot.querySelector('.nsewdrag').getBoundingClientRect();
            const {xaxis, yaxis} = plot._fullLayout;
            return {x: box.x + xaxis.d2p(squares.x[place]), y: box.y + yaxis.d2p(squares.y[place])};
        }"""
    )
    page.mouse.move(cell["x"], cell["y"])
    page.wait_for_function("() => document.querySelector('.hoverlayer .hovertext') !== null")
    page.mouse.click(cell["x"], cell["y"])
    words = re.compile(r"\d+ of \d+ Japanese names .* were recognised")
    panel = page.get_by_test_id("stMarkdown").filter(has_text=words)
    expect(panel).to_be_visible()
    count = int(re.match(r"(\d+)", panel.inner_text()).group(1))  # type: ignore[union-attr]
    grid = page.get_by_test_id("stDataFrame").first.locator("[role=grid]")
    expect(grid).to_have_attribute("aria-rowcount", str(count + 1))  # one a name, and the heading
    lab.assert_calm()


def test_a_typed_name_shows_its_ranking_and_its_gates_and_its_link_the_same_elsewhere(
    server, watched
):
    first = watched()
    page = first.page
    page.goto(f"{server.url}/name")
    page.get_by_role("textbox", name="Surname").fill("Nguyễn")
    expect(page.get_by_text("“Nguyen” is most probably")).to_be_visible()
    page.wait_for_function(
        "() => document.querySelector('.st-key-units_f .js-plotly-plot')?._fullLayout?.xaxis"
        "?.ticktext?.join('') === 'Nguyen'"
    )
    for symbol in "ifogch":
        expect(page.locator(f".st-key-units_{symbol} .js-plotly-plot").first).to_be_visible()
    expect(page).to_have_url(re.compile("name=Nguy"))

    second = watched(theme="dark")
    second.page.goto(page.url)
    expect(second.page.get_by_text("“Nguyen” is most probably")).to_be_visible()
    expect(second.page.get_by_role("textbox", name="Surname")).to_have_value("Nguyễn")
    first.assert_calm()
    second.assert_calm()


def test_a_cold_server_opens_a_deep_link(first_visit):
    # A cold server brings PyTorch in before it can answer.
    expect(first_visit.page.get_by_text("“Dvorak” is most probably")).to_be_visible()
    expect(first_visit.page.get_by_test_id("stSidebarNav")).to_be_visible()
    first_visit.assert_calm()


def test_no_page_is_wider_than_a_narrow_window(server, watched):
    lab = watched(width=800)
    page = lab.page

    def assert_fits(view: str) -> None:
        assert page.evaluate(OVERFLOW) <= 1, view
        lab.assert_calm()

    for path in ("", "guide", "train", "runs", "name", "memory", "evaluate", "dataset"):
        page.goto(f"{server.url}/{path}")
        settle(page)
        assert_fits(path)
        if path == "evaluate":
            for key, (title, _) in SECTIONS.items():
                choose(page, "section", key, title)
                assert_fits(key)
    for key, title in DATASET_VIEWS.items():
        choose(page, "view", key, title.rpartition(": ")[2])
        assert_fits(key)
