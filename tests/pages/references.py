"""Ways to open pages and read them."""

from typing import Any

from streamlit.testing.v1 import AppTest


def opened(lab: AppTest, page: str, **query: str) -> AppTest:
    """A page, with query parameters if given."""
    lab.run()
    for key, value in query.items():
        lab.query_params[key] = value
    if page != "start":
        lab.switch_page(f"pages/{page}.py").run()
    assert not lab.exception
    return lab


def button(lab: AppTest, label: str) -> Any:
    """The first button so called."""
    return next(button for button in lab.button if button.label == label)


def answered(lab: AppTest) -> str:
    """The Name page's answer in a sentence."""
    lines = [line.value for line in lab.subheader if "is most probably" in line.value]
    assert len(lines) == 1
    return str(lines[0])


def said(lab: AppTest) -> str:
    """All sentences of the page, without the marks that keep them from being markup."""
    shown = (*lab.markdown, *lab.caption, *lab.error, *lab.warning, *lab.success, *lab.info)
    return " ".join(text.value for text in (*shown, *lab.text)).replace("\\", "")
