"""A run that was packed elsewhere, brought here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import plain
from namerec.ui.runs.choice import choose
from namerec.ui.runs.one import SECTION
from namerec.ui.server.limits import check_upload_allowed, corpora_kept, count_upload
from namerec.ui.server.manager import manager
from namerec.ui.server.uploads import forget_all, given

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from namerec.export.archive.importing import Imported

#: Largest zip taken here, MiB, of the 100 that one session's files may take. A run of a preset
#: takes 1 to 30; larger ones are brought by the command line.
MOST_MIB = 64

_ROUND, _DONE, _REFUSED = "runs_import_round", "runs_import_done", "runs_import_refused"


def import_form() -> None:
    """Draws the upload of a run, and says what became of the last one."""
    with st.expander("Import a run", icon=":material/upload_file:"):
        st.caption(
            "A zip that was exported as “Whole run as a zip”, here or on another computer. No "
            "program in it is run: it holds numbers and settings, and they are checked before the "
            f"run is added. A zip over {MOST_MIB} MiB: `python -m namerec import FILE`"
        )
        _say_what_came()
        turn = st.session_state.setdefault(_ROUND, 0)
        file = given(
            st.file_uploader(
                "Zip of a run",
                type=["zip"],
                max_upload_size=MOST_MIB,
                key=f"runs_import_file_{turn}",
            )
        )
        if file is not None and st.button(
            "Import", type="primary", icon=":material/download_done:", key="runs_import"
        ):
            _take_in(file)


def _take_in(file: UploadedFile) -> None:
    from namerec.data.own import OwnCorpora
    from namerec.export.archive.importing import import_run

    corpora = OwnCorpora()
    before = len(corpora.entries())
    st.session_state[_ROUND] += 1
    try:
        with st.spinner("Checking the run…"):
            check_upload_allowed(0)
            imported = import_run(
                file.getvalue(),
                manager().store,
                corpora,
                title=file.name,
                kept=corpora_kept(),
            )
    except NamerecError as error:
        st.session_state[_REFUSED] = str(error)
        st.rerun()
    finally:
        forget_all()
    if len(corpora.entries()) > before:
        count_upload()
    choose([imported.run])
    st.session_state[_DONE] = imported
    st.rerun()


def _say_what_came() -> None:
    if refused := st.session_state.pop(_REFUSED, ""):
        st.error(plain(refused), icon=":material/error:")
    imported: Imported | None = st.session_state.pop(_DONE, None)
    if imported is None:
        return

    def look() -> None:
        st.session_state[SECTION] = "table"

    say = st.success if imported.added else st.info
    say(plain(imported.words), icon=":material/check_circle:")
    st.button("Show it in the table", icon=":material/list_alt:", on_click=look)
