"""Names, categories and titles that are markup: on every page they are text, and nothing else."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from namerec.ui.dataset.page import VIEWS
from namerec.ui.evaluate.sections import SECTIONS as EVALUATE
from namerec.ui.frame.address import MAX_VALUE
from namerec.ui.memory.sections import SECTIONS as MEMORY
from namerec.ui.name.sections import SECTIONS as NAME
from tests.browser.conftest import IN_ADDRESS, OVERFLOW, Watched, choose, settle
from tests.faults.crowd import start_training
from tests.faults.servers import Server
from tests.faults.sessions import Session

pytestmark = pytest.mark.browser

#: Of all that a page could take for markup. What it would fetch, run or draw says “evil”.
MARKUP = (
    "<script>window.evil = 1</script>",
    "<img src=//evil.example/x.png onerror=window.evil=2>",
    "<b id=evil>bold</b> <a href=javascript:window.evil=3>x</a>",
    "[evil](javascript:window.evil=4) **evil**",
    "![evil](http://evil.example/y.png) :red[evil]",
    r"$\href{javascript:window.evil=5}{evil}$ $$evil^2$$",
)
#: File names cannot hold a slash.
TITLE = "<img src=x onerror=window.evil=6>"
TYPED = (
    "",
    "   ",
    "a" * 1000,
    "🦊👨‍👩‍👧 \u202eشمس\u202c Cohen כהן 習近平 김철수",
    "Z\u0335\u0321\u0322a\u0300\u0301\u0302l\u0334go" * 5 + "NUL\0Nul Bell\x07\x1b[31mRed",
    " ".join(MARKUP[:3]),
    " ".join(MARKUP[3:]),
)
CAUGHT = """() => {
    const all = (selector, wanted) =>
        [...document.querySelectorAll(selector)].filter(wanted).map(made => made.outerHTML);
    const evil = made => /evil/.test(made.outerHTML);
    return {
        run: window.evil ?? null,
        handlers: all('[onerror], [onload], [onclick]', () => true),
        made: all('script, img, image, iframe, object, embed, [id=evil]', evil),
        links: all('a', made => made.host !== location.host),
        // Words that the markup would set off; the lab's own bold words hold more than that.
        emphasised: all('b, strong, em', made => /^(evil|bold)$/.test(made.textContent)),
        formulas: all('.katex', evil),
    };
}"""
NOTHING: dict[str, object] = {
    "run": None,
    "handlers": [],
    "made": [],
    "links": [],
    "emphasised": [],
    "formulas": [],
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A server on a corpus of markup, and a run that was trained on it."""
    folder = tmp_path_factory.mktemp("hostile")
    with Server(folder / "home", _corpus(folder)) as server:
        with Session(server.url) as tab:
            run_id = start_training(tab, epochs=2, Hidden_units=8)
            tab.look_until(lambda shown: "Finished" in shown.words())
        yield server.url, run_id
        assert "Traceback" not in server.log(), server.log()


def _corpus(folder: Path) -> Path:
    rows = ["name\tlabel"]
    for number, category in enumerate(MARKUP):
        for letter in "abcdefghijkl":
            rows.append(f"{letter}{category}{'xyzuvw'[number] * 3}\t{category}")
    path = folder / f"{TITLE}.tsv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


class Suspicious:
    """A page, and the dialogs it opened."""

    def __init__(self, lab: Watched, url: str, run_id: str) -> None:
        self.lab, self.page, self.url, self.run_id = lab, lab.page, url, run_id
        self.dialogs: list[str] = []
        self.page.on("dialog", self._dismiss)

    def _dismiss(self, dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def open(self, path: str, **query: str) -> Page:
        self.page.goto(f"{self.url}/{path}?{urlencode({'run': self.run_id} | query)}")
        settle(self.page)
        return self.page

    def assert_text_only(self) -> None:
        """Nor does it make the page wider than its window."""
        assert self.page.evaluate(CAUGHT) == NOTHING
        assert self.page.evaluate(OVERFLOW) <= 1

    def assert_never_fooled(self) -> None:
        assert self.dialogs == []
        self.lab.assert_calm()


@pytest.fixture(scope="module")
def _opened(hostile, browser) -> Iterator[Suspicious]:
    """One for all: a new browser context would load and compile the lab's scripts again."""
    lab = Watched(browser)
    yield Suspicious(lab, *hostile)
    lab.close()


@pytest.fixture
def suspicious(_opened) -> Iterator[Suspicious]:
    yield _opened
    _opened.assert_never_fooled()


def test_whatever_name_is_typed_is_text(suspicious):
    page = suspicious.open("name")
    box = page.get_by_role("textbox", name="Surname")
    for name in TYPED:
        box.fill(name)
        kept = box.input_value()
        page.wait_for_function(IN_ADDRESS, arg=["name", kept[:MAX_VALUE] or None])
        settle(suspicious.page)
        suspicious.assert_text_only()
        expect(box).to_have_value(kept)


def test_whatever_name_stands_in_a_link_is_text(suspicious):
    """Half of a pair of code units among them, which the browser takes for no character."""
    for name in ("a" * 10_000, "%ED%A0%80Mueller", "".join(MARKUP)):
        suspicious.page.goto(f"{suspicious.url}/name?name={name}")
        settle(suspicious.page)
        suspicious.assert_text_only()


def test_the_name_page_shows_markup_as_text_in_every_section(suspicious):
    page = suspicious.open("name", name="".join(MARKUP)[:280])
    for key, (title, _) in NAME.items():
        choose(page, "look", key, title)
        suspicious.assert_text_only()
    choose(page, "look", "reading", NAME["reading"][0])
    shown = page.locator(".st-key-ranking")
    for category in MARKUP[:2]:
        expect(shown).to_contain_text(category[:15])


def test_the_evaluate_page_shows_markup_as_text_in_every_section(suspicious):
    page = suspicious.open("evaluate")
    for category in MARKUP:
        expect(page.locator("[class*=st-key-matrix_] svg").first).to_contain_text(category[:10])
    for key, (title, _) in EVALUATE.items():
        choose(page, "section", key, title)
        suspicious.assert_text_only()


@pytest.mark.parametrize("path", ["train", ""])
def test_a_page_without_sections_shows_markup_as_text(suspicious, path):
    suspicious.open(path)
    suspicious.assert_text_only()


def test_the_dataset_page_shows_markup_as_text_in_every_view(suspicious):
    page = suspicious.open("dataset", search=MARKUP[0])
    for key, title in VIEWS.items():
        choose(page, "view", key, title.rpartition(": ")[2])
        suspicious.assert_text_only()


def test_the_memory_page_shows_markup_as_text_in_every_section(suspicious):
    page = suspicious.open("memory", name=MARKUP[1])
    for key, (title, _) in MEMORY.items():
        choose(page, "memory", key, title)
        suspicious.assert_text_only()
