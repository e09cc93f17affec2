"""The whole lab under AppTest, its frame included."""

from typing import Any

import pytest
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from tests.conftest import ROOT


def whole(monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """The app as a server has it that has drawn its menu once.

    Before that, Streamlit runs the files of a folder called `pages/` without their frame, and
    AppTest is a new server at every run.
    """
    begin = PagesManager.__init__

    def begun(self: PagesManager, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        PagesManager.uses_pages_directory = False

    monkeypatch.setattr(PagesManager, "__init__", begun)
    return AppTest.from_file(str(ROOT / "dashboard.py"), default_timeout=240)


def opened(lab: AppTest, page: str, **query: str) -> AppTest:
    """A page of it, by its file, as a link with these parameters opens it."""
    lab.query_params.clear()
    lab.switch_page(page)
    followed(lab, **query)
    assert not lab.exception
    return lab


def followed(lab: AppTest, **query: str) -> AppTest:
    """The page as a link on it opens it, which changes these parameters of its URL."""
    lab.query_params.update(query)
    lab.run()
    return lab
