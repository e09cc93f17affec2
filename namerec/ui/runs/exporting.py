"""The export of runs: made when its button is pressed, kept until the next one, then downloaded."""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.export.kinds import EXPORTS, Export, make, one_file
from namerec.text import plain
from namerec.ui.frame.errors import show_errors
from namerec.ui.runs.choice import all_runs, pick_several
from namerec.ui.runs.importing import import_form
from namerec.ui.server.manager import manager
from namerec.ui.shared import services

if TYPE_CHECKING:
    from namerec.export.source import MadeFile, Source
    from namerec.runs.summary import RunSummary

_MADE = "runs_made"
#: Sentences about the files made that are shown; those of many figures are much the same.
_MOST_WORDS = 4


class _Made(NamedTuple):
    """What was made last.

    Attributes:
        of: What was asked for: the kind, and the runs as they were then.
        file: One file, or a zip of all.
        words: What there is to say about them, a sentence each.
    """

    of: tuple[str, ...]
    file: MadeFile
    words: tuple[str, ...]


def take_panel() -> None:
    """Everything that can be made of runs, and the import of one."""
    everything, _ = all_runs()
    runs = pick_several(
        everything,
        "Runs",
        "The report covers all chosen runs together. Every other export is made for each run.",
    )
    if not runs:
        st.info(
            "Choose a run above, or mark it in the table of all runs.", icon=":material/download:"
        )
    for kind, export in EXPORTS.items() if runs else ():
        with st.container(border=True):
            _offer(kind, export, runs)
    import_form()


def _offer(kind: str, export: Export, runs: Sequence[RunSummary]) -> None:
    """What it is, the button that makes it, and once that is done the one that saves it."""
    of = (kind, *(f"{run.id} {run.state} {run.status.epoch} {run.label}" for run in runs))
    together = f", all {len(runs)} runs" if export.several else f", each of {len(runs)} runs"
    several = together if len(runs) > 1 else ""
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.markdown(f"**{plain(export.title)}{several}**  \n{plain(export.help)}")
    pressed = right.button("Export", key=f"runs_make_{kind}", width="stretch")
    if pressed:
        st.session_state.pop(_MADE, None)
        # Not by the download button itself: what its own function raises is lost to the page.
        with show_errors(), st.spinner("Exporting…"):
            stem = runs[0].id if len(runs) == 1 else f"{len(runs)}-runs"
            files = make(kind, [_source(run) for run in runs])
            words = tuple(dict.fromkeys(file.words for file in files if file.words))
            st.session_state[_MADE] = _Made(of, one_file(files, f"{stem}-{kind}"), words)
    made: _Made | None = st.session_state.get(_MADE)
    if made is not None and made.of == of:
        _save(made)


def _source(run: RunSummary) -> Source:
    from namerec.export.source import Source

    return Source.of(manager().store, run.id, services.dataset)


def _save(made: _Made) -> None:
    for words in made.words[:_MOST_WORDS]:
        st.caption(plain(words))
    if len(made.words) > _MOST_WORDS:
        st.caption(f"And {len(made.words) - _MOST_WORDS} more like these.")
    name, content = made.file.name, made.file.content
    st.download_button(
        f"Download {plain(name)} ({_size(len(content))})",
        content,
        file_name=name,
        mime=mimetypes.guess_type(name)[0] or "application/octet-stream",
        type="primary",
        icon=":material/download:",
        key="runs_save_made",
        on_click="ignore",
    )


def _size(content: int) -> str:
    """Bytes as people read them."""
    if content < 1000:
        return f"{content} bytes"
    return f"{content / 1000:.0f} kB" if content < 1_000_000 else f"{content / 1_000_000:.1f} MB"
