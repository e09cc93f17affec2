"""Ways to open one section of a page alone, and to read it."""

from collections.abc import Callable

from streamlit.testing.v1 import AppTest

from namerec.runs.summary import RunSummary
from namerec.ui.server.manager import manager
from tests.pages import references as pages


def pretrained(kind: str) -> RunSummary:
    """The best pretrained run of a kind of network."""
    runs = manager().store.trained()  # the best first
    return next(run for run in runs if run.pretrained and run.info.config.model.kind == kind)


def stored(run_id: str) -> RunSummary:
    """A trained run."""
    return next(run for run in manager().store.trained() if run.id == run_id)


def _name_section(panel: str) -> None:
    """A section of the Name page as the page calls it, below a box for the name and the priors."""
    from importlib import import_module

    import streamlit as st

    from namerec.core.corpus.alphabet import readable
    from namerec.ui.name.priors import pick_priors
    from namerec.ui.shared import services
    from tests.ui.references import stored

    module, function = panel.rsplit(".", 1)
    run = stored(st.session_state["run_id"])
    name = readable(st.text_input("Surname", "Satoshi", key="name"))
    trace = services.gate_trace(run, name.letters, pick_priors(run))
    getattr(import_module(module), function)(run, name, trace)


def _run_section(panel: str) -> None:
    """A section about a run alone."""
    from importlib import import_module

    import streamlit as st

    from tests.ui.references import stored

    module, function = panel.rsplit(".", 1)
    getattr(import_module(module), function)(stored(st.session_state["run_id"]))


def _section(script: Callable[[str], None], panel: Callable[..., None]) -> AppTest:
    where = f"{panel.__module__}.{panel.__name__}"
    return AppTest.from_function(script, default_timeout=240, kwargs={"panel": where})


def name_section(panel: Callable[..., None], run: RunSummary, **state: object) -> AppTest:
    """A section of the Name page, which has been run once.

    Args:
        panel: What draws it.
        run: Whose network is asked.
        **state: Put into the session before, such as `name`.
    """
    return shown(_section(_name_section, panel), run, **state)


def run_section(panel: Callable[..., None], run: RunSummary) -> AppTest:
    """A section that is about a run and no name, which has been run once."""
    return shown(_section(_run_section, panel), run)


def shown(lab: AppTest, run: RunSummary | None = None, **state: object) -> AppTest:
    """The section run once more, with another run or other session state."""
    if run is not None:
        lab.session_state["run_id"] = run.id
    for key, value in state.items():
        lab.session_state[key] = value
    lab.run()
    assert not lab.exception
    return lab


def said(lab: AppTest) -> str:
    """All sentences and titles, without the marks that keep them from being markup."""
    titles = " ".join(title.value for title in lab.subheader).replace("\\", "")
    return f"{titles} {pages.said(lab)}"
