"""The form for a run's title, note and pin, which several people may have open at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.text import plain, shortened
from namerec.ui.server.manager import manager
from namerec.ui.shared.run_words import run_title

if TYPE_CHECKING:
    from namerec.runs.labels import RunLabel
    from namerec.runs.summary import RunSummary

#: Of a text that was changed elsewhere, code points that are shown.
_SHOWN = 100


class _Draft(NamedTuple):
    """A form that is open.

    Attributes:
        base: The label that it was drawn from.
        seen: The one that its user was told of when saving was refused; else `base`.
    """

    base: RunLabel
    seen: RunLabel


def label_form(run: RunSummary) -> None:
    """Draws the form. Saving changes only what was changed in it.

    It stays as it was typed while the run's label is changed elsewhere, and says so.
    """
    from namerec.runs.labels import MAX_NOTE, MAX_TITLE, LabelChangedError, LabelChanges, RunLabel

    if run.pretrained:
        st.caption("This run comes with the lab, so its title and note cannot be changed.")
        return
    if run.newer:
        st.caption("Its title and note can be changed with the version that made it.")
        return
    key = f"runs_label_{run.id}"
    draft = _draft(key, run.label)
    base, form = draft.base, _form_key(key, draft.base)
    if run.label != base:
        _tell(key, draft, run.label)
    with st.form(form, border=False):
        title = st.text_input(
            "Title",
            base.title,
            max_chars=MAX_TITLE,
            placeholder=run_title(run),
            key=f"{form}_title",
        )
        note = st.text_area("Note", base.note, max_chars=MAX_NOTE, height=100, key=f"{form}_note")
        with st.container(horizontal=True, vertical_alignment="center"):
            pinned = st.toggle(
                "Pin",
                base.pinned,
                help="Keeps the run at the top of the table.",
                key=f"{form}_pinned",
            )
            saved = st.form_submit_button("Save", icon=":material/save:", key="runs_save")
    if not saved:
        return
    typed = RunLabel.of(title, note, pinned)
    changes: LabelChanges = typed.model_dump(include=typed.differing(base))  # type: ignore[assignment]
    try:
        manager().store.set_label(run.id, seen=draft.seen, **changes)
    except LabelChangedError:
        st.session_state[key] = draft._replace(seen=manager().store.readable(run.id).label)
    else:
        del st.session_state[key]
    st.rerun()


def _draft(key: str, label: RunLabel) -> _Draft:
    """The form that is open in this session, or a new one."""
    draft: _Draft | None = st.session_state.get(key)
    # What was typed is forgotten with a form that was not drawn last time.
    if draft is None or f"{_form_key(key, draft.base)}_title" not in st.session_state:
        draft = st.session_state[key] = _Draft(label, label)
    return draft


def _form_key(key: str, base: RunLabel) -> str:
    """Another form for another label to begin with."""
    return f"{key}_{hash(base)}"


def _tell(key: str, draft: _Draft, now: RunLabel) -> None:
    """What was changed elsewhere since the form was drawn."""
    changed = [
        f"its {name} is {f'now “{plain(shortened(text, _SHOWN))}”' if text else 'empty now'}"
        for name, text in (("title", now.title), ("note", now.note))
        if name in draft.base.differing(now)
    ]
    if now.pinned != draft.base.pinned:
        changed.append(f"it is {'now' if now.pinned else 'no longer'} pinned")
    after = (
        "**Your change was not saved.** It is still below: save again to replace the other one."
        if draft.seen != draft.base
        else "Saving changes only what you change below."
    )
    st.warning(
        f"This run was changed elsewhere meanwhile: {', '.join(changed)}. {after}",
        icon=":material/sync_problem:",
    )
    st.button(
        "Discard mine and show the other",
        key=f"{key}_discard",
        icon=":material/sync:",
        on_click=lambda: st.session_state.pop(key),
    )
