"""The tutorial corpus: downloaded on a click, with progress; or how to bring it when offline."""

from __future__ import annotations

import streamlit as st

from namerec.errors import NamerecError
from namerec.text import plain


def download_button(key: str) -> None:
    """The button that downloads the tutorial corpus, with its progress; a failure is a sentence."""
    st.caption("The tutorial corpus: 18 text files, about 200 kB, from GitHub.")
    if not st.button("Download", icon=":material/download:", width="stretch", key=key):
        return
    from namerec.data import tutorial

    bar = st.progress(0.0, "Downloading…")

    def progress(done: int, files: int) -> None:
        bar.progress(done / files, f"File {done} of {files}")

    try:
        tutorial.fetch(progress)
    except NamerecError as error:
        bar.empty()
        st.error(plain(str(error)), icon=":material/wifi_off:")
    else:
        st.rerun()


def tutorial_panel() -> None:
    """Shown in place of the tutorial corpus while it is not on this computer."""
    from namerec.data import tutorial

    st.subheader("This corpus is not on this computer yet")
    with st.grid(2, min_column_width=340):
        with st.container(border=True, height="stretch"):
            st.markdown("**Download it**")
            st.markdown(
                "The 18 lists of the classic PyTorch name tutorial, 20,050 lines, from the "
                "MIT-licensed repository `spro/practical-pytorch`. Each file is checked against "
                "its SHA-256, and nothing else is downloaded."
            )
            download_button("dataset_download")
        with st.container(border=True, height="stretch"):
            st.markdown("**Without an internet connection**")
            st.markdown(
                "1. On a computer with internet access, get the 18 files `data/names/*.txt` of "
                "that repository, and copy them here by any means.\n"
                "2. Start the lab with their folder: "
                "`NAMEREC_NAMES_DIR=FOLDER streamlit run dashboard.py`. "
                "It is then the tutorial corpus.\n"
                "3. Or put them into a zip and upload that under **Your corpora**.\n\n"
                "The bundled corpus needs no download at all."
            )
            st.caption("The files, at the commit that the hashes belong to:")
            st.code(tutorial.BASE_URL, language=None, wrap_lines=True)
