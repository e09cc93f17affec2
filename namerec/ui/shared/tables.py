"""Columns of tables that several pages draw."""

from __future__ import annotations

from typing import Any

import streamlit as st


def share_column(title: str, *, help: str | None = None) -> Any:
    """A column of shares 0..1 as bars, narrow enough for a small window."""
    return st.column_config.ProgressColumn(
        title, help=help, width="small", format="percent", min_value=0, max_value=1
    )
