"""Bringing names of one's own: the file, its encoding, its columns, its title; then it is kept."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from namerec.errors import NamerecError
from namerec.text import count, counted, plain
from namerec.ui.server.limits import check_upload_allowed, count_upload
from namerec.ui.server.uploads import forget_all, given
from namerec.ui.shared.corpus_choice import choose_next

if TYPE_CHECKING:
    from collections.abc import Sequence

    from namerec.data.encodings import EncodingSample
    from namerec.data.kept import OwnCorpus
    from namerec.data.preview import TablePreview, UploadChoices

_ROUND = "upload_round"
_KEPT_NOW = "upload_kept"
_NONE = -1
_MAX_TITLE = 100


def upload_form() -> None:
    """Draws the upload from the choice of a file to the button that keeps it."""
    from namerec.data.upload import MAX_NAMES, MAX_UPLOAD_BYTES

    st.subheader("Upload a corpus")
    st.markdown(
        "Any task where letters tell the category fits: first name to gender, word to language, "
        "place to country. Give a **zip** with one text file a category (`Greek.txt`, one name a "
        "line), or a **CSV or TSV** table; you choose its columns next."
    )
    _say_what_was_kept()
    turn = st.session_state.setdefault(_ROUND, 0)
    file = given(
        st.file_uploader(
            "A zip of text files, or a table",
            type=["zip", "csv", "tsv", "tab", "txt"],
            max_upload_size=MAX_UPLOAD_BYTES // 2**20,
            key=f"upload_file_{turn}",
            help=f"At most {MAX_UPLOAD_BYTES // 2**20} MiB and {count(MAX_NAMES)} names, in 2 to "
            "200 categories. It stays on this computer.",
        )
    )
    if file is None:
        return
    raw, name, identity = file.getvalue(), file.name, file.file_id
    try:
        choices = _choices(raw, name, identity)
    except NamerecError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    if choices is None:
        return
    title = st.text_input(
        "Title",
        PurePosixPath(name).stem,
        max_chars=_MAX_TITLE,
        key=f"upload_title_{identity}",
    )
    if st.button("Import", type="primary", icon=":material/save:", key="upload_keep"):
        _keep(raw, name, choices, title)


def _choices(raw: bytes, name: str, identity: str) -> UploadChoices | None:
    """How the upload is to be read; None as long as something is to be chosen first.

    Raises:
        DataError: If it cannot be read.
    """
    from namerec.data.encodings import UTF_8
    from namerec.data.preview import UploadChoices
    from namerec.data.upload import kind_of

    kind = kind_of(raw, name)
    encoding = UTF_8
    if samples := _samples(identity, raw, name):
        chosen = _pick_encoding(samples, identity)
        if chosen is None:
            return None
        encoding = chosen
    if kind == "archive":
        return UploadChoices(encoding)
    return _pick_columns(raw, name, identity, encoding)


@st.cache_resource(max_entries=4, show_spinner="Reading the file…")
def _samples(identity: str, _raw: bytes, _name: str) -> tuple[EncodingSample, ...]:  # noqa: ARG001
    from namerec.data.upload import encodings_to_choose

    return encodings_to_choose(_raw, _name)


def _pick_encoding(samples: Sequence[EncodingSample], identity: str) -> str | None:
    st.markdown("**The text is not UTF-8.** Choose the encoding in which the names look right.")
    st.dataframe(
        pd.DataFrame(
            [(sample.title, " · ".join(sample.lines)) for sample in samples],
            columns=["encoding", "text"],
        ),
        hide_index=True,
        height=35 * (min(len(samples), 8) + 1) + 3,
        alt="Text of the file in each encoding",
        column_config={
            "encoding": st.column_config.TextColumn("Encoding", width="medium"),
            "text": st.column_config.TextColumn("Text of the file", width="large"),
        },
    )
    titles = {sample.encoding: sample.title for sample in samples}
    return st.selectbox(
        "Encoding",
        list(titles),
        index=None,
        key=f"upload_encoding_{identity}",
        format_func=titles.__getitem__,
        placeholder="Choose an encoding",
    )


def _pick_columns(raw: bytes, name: str, identity: str, encoding: str) -> UploadChoices | None:
    """The columns of a table, chosen above its first rows."""
    from namerec.data.preview import UploadChoices, preview_table
    from namerec.data.table import DELIMITERS

    guessed = preview_table(raw, name, encoding=encoding).choices.delimiter
    marks = list(DELIMITERS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        delimiter = st.selectbox(
            "Column separator",
            marks,
            index=marks.index(guessed),
            key=f"upload_delimiter_{identity}_{encoding}",
            format_func=DELIMITERS.__getitem__,
        )
        has_header = st.toggle("First row is a header", True, key=f"upload_header_{identity}")
    shown = preview_table(raw, name, encoding=encoding, delimiter=delimiter, has_header=has_header)
    st.caption(f"Preview ({counted(len(shown.rows), 'row')}):")
    st.dataframe(_as_frame(shown), hide_index=True, alt="The first rows of the table")
    if len(shown.header) < 2:
        st.warning(
            "With this separator there is only one column. Choose another column separator.",
            icon=":material/view_column:",
        )
        return None
    key = f"{identity}_{marks.index(delimiter)}_{has_header}_{encoding}"
    with st.grid(3, min_column_width=170):
        names = _pick_column("Names", shown, shown.choices.name_column, f"upload_names_{key}")
        categories = _pick_column(
            "Categories", shown, shown.choices.category_column, f"upload_categories_{key}"
        )
        split = st.selectbox(
            "Split (if there is one)",
            [_NONE, *range(len(shown.header))],
            index=0 if shown.choices.split_column is None else shown.choices.split_column + 1,
            key=f"upload_split_{key}",
            format_func=lambda at: "none: the lab splits" if at == _NONE else _heading(shown, at),
            help="A column that says train, validation or test for each name.",
        )
    if names is None or categories is None:
        st.caption("Choose the columns of the names and of the categories.")
        return None
    return UploadChoices(
        encoding, delimiter, has_header, names, categories, None if split == _NONE else split
    )


def _pick_column(label: str, shown: TablePreview, guess: int | None, key: str) -> int | None:
    return st.selectbox(
        label,
        range(len(shown.header)),
        index=guess,
        key=key,
        format_func=lambda at: _heading(shown, at),
        placeholder="Choose a column",
    )


def _heading(shown: TablePreview, at: int) -> str:
    """A column's heading with its place, so that no two are alike."""
    heading = shown.header[at]
    return heading if heading == f"column {at + 1}" else f"{at + 1} · {heading or '(no heading)'}"


def _as_frame(shown: TablePreview) -> pd.DataFrame:
    headings = [_heading(shown, at) for at in range(len(shown.header))]
    return pd.DataFrame(list(shown.rows), columns=headings)


def _keep(raw: bytes, name: str, choices: UploadChoices, title: str) -> None:
    from namerec.data.own import OwnCorpora
    from namerec.data.upload import read_upload
    from namerec.jobs.limits import corpus_bytes

    try:
        with st.spinner("Reading the names…"):
            check_upload_allowed(0)  # before the work of reading
            upload = read_upload(raw, name, choices, title=title)
            check_upload_allowed(corpus_bytes(upload.dataset))
            kept = OwnCorpora().keep(upload)
            count_upload()
    except NamerecError as error:
        st.error(plain(str(error)), icon=":material/error:")
        return
    forget_all()
    choose_next(kept.reference)
    st.session_state[_KEPT_NOW] = kept
    st.session_state[_ROUND] += 1
    st.rerun()


def _say_what_was_kept() -> None:
    kept: OwnCorpus | None = st.session_state.pop(_KEPT_NOW, None)
    if kept is None:
        return
    st.success(
        f"Imported “{plain(kept.title)}”: {count(kept.names)} names in "
        f"{count(len(kept.categories))} categories. It is now selected above, and listed in the "
        "Train form.",
        icon=":material/check_circle:",
    )
    for notice in kept.notices:
        st.warning(plain(notice), icon=":material/info:")
