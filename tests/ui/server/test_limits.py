from streamlit.testing.v1 import AppTest

from namerec.settings import settings


def _script() -> None:
    import streamlit as st

    from namerec.errors import DataError
    from namerec.ui.server.limits import check_upload_allowed, count_upload

    try:
        check_upload_allowed(1000)
        count_upload()
        st.text("kept")
    except DataError as error:
        st.text(str(error))


def test_a_session_keeps_so_many_corpora_and_another_one_begins_anew(monkeypatch):
    monkeypatch.setenv("NAMEREC_MOST_UPLOADS", "2")
    settings.cache_clear()
    session = AppTest.from_function(_script, default_timeout=240)
    said = [session.run().text[0].value for _ in range(3)]
    other = AppTest.from_function(_script, default_timeout=240).run().text[0].value
    settings.cache_clear()
    assert said[:2] == ["kept", "kept"]
    assert "NAMEREC_MOST_UPLOADS" in said[2]
    assert other == "kept"
