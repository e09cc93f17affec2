"""Giving a list of names: pasted, or in a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from namerec.ui.server.uploads import given

if TYPE_CHECKING:
    from namerec.core.evaluation.many import NameList
    from namerec.data.encodings import EncodingSample

_SOURCE, _TEXT, _FILE, _ASK = "many_source", "many_text", "many_file", "many_ask"
_SOURCES = {"paste": "Paste", "file": "File"}
#: What the button says.
ASK = "Ask the network"


class ListInput(NamedTuple):
    """What stands in the box or the upload now.

    Attributes:
        source: The same as long as the same names are given: a pasted text, or which file it is
            and its encoding.
        asked: The names, if the button has just been pressed.
    """

    source: tuple[str, str]
    asked: NameList | None = None


def list_input() -> ListInput:
    """Draws the box or the upload, and the button.

    Raises:
        NamerecError: If they cannot be read, or there are none or too many.
    """
    source = st.segmented_control(
        "Names from",
        list(_SOURCES),
        key=_SOURCE,
        default="paste",
        format_func=_SOURCES.__getitem__,
        required=True,
        label_visibility="collapsed",
    )
    return _from_file() if source == "file" else _pasted()


def _pasted() -> ListInput:
    from namerec.core.evaluation.many import lines_of

    text = st.text_area(
        "Names, one a line",
        key=_TEXT,
        height=170,
        persist_state="session",
        placeholder="Schmidt\nOkonkwo\nNguyễn\n김",
    )
    return ListInput(("paste", text), lines_of(text) if _ask() else None)


def _from_file() -> ListInput:
    from namerec.data.encodings import UTF_8
    from namerec.data.name_list import LIST_ENDINGS, MAX_LIST_BYTES, read_list

    file = given(
        st.file_uploader(
            "A text file or a table",
            type=[ending.removeprefix(".") for ending in LIST_ENDINGS],
            max_upload_size=MAX_LIST_BYTES // 2**20,
            key=_FILE,
            help="A text file with one name a line; or a CSV or TSV file: its “name” column is "
            "read, or the first column if there is none.",
        )
    )
    if file is None:
        return ListInput(("", ""))
    raw, encoding = file.getvalue(), UTF_8
    if samples := _samples(file.file_id, raw, file.name):
        words = {one.encoding: f"{one.title}: {' · '.join(one.lines)}" for one in samples}
        chosen = st.selectbox(
            "The text is not UTF-8. Choose the encoding in which the names look right.",
            list(words),
            index=None,
            key=f"many_encoding_{file.file_id}",
            format_func=words.__getitem__,
            placeholder="Choose an encoding",
        )
        if chosen is None:
            return ListInput((file.file_id, ""))
        encoding = chosen
    names = read_list(raw, file.name, encoding) if _ask() else None
    return ListInput((file.file_id, encoding), names)


@st.cache_resource(max_entries=4, show_spinner="Reading the file…")
def _samples(identity: str, _raw: bytes, _name: str) -> tuple[EncodingSample, ...]:  # noqa: ARG001
    from namerec.data.name_list import encodings_of_list

    return encodings_of_list(_raw, _name)


def _ask() -> bool:
    return st.button(ASK, type="primary", icon=":material/play_arrow:", key=_ASK)
