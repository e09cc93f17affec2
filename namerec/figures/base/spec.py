"""A figure as plain values, for a live chart that draws with its own plotly.js."""

import base64
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go

#: More digits than a screen has pixels for.
SIGNIFICANT_DIGITS = 5


def as_spec(figure: go.Figure) -> dict[str, Any]:
    """The traces and the layout of a figure as JSON values.

    Returns:
        `{"data": [...], "layout": {...}}`. Arrays are lists; fractions are rounded to
        `SIGNIFICANT_DIGITS`, whole numbers are not; what is not finite is None, a gap in a line.
    """
    plain = figure.to_plotly_json()
    plain["layout"].pop("template", None)
    return {"data": _plain(plain["data"]), "layout": _plain(plain["layout"])}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        if "bdata" in value:
            return _plain(_array(value))
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return float(f"{value:.{SIGNIFICANT_DIGITS}g}") if math.isfinite(value) else None
    return value


def _array(packed: dict[str, Any]) -> np.ndarray:
    """Undoes Plotly's packing of an array: base64, a dtype, and a shape such as "2, 3"."""
    flat = np.frombuffer(base64.b64decode(packed["bdata"]), dtype=packed["dtype"])
    shape = packed.get("shape")
    return flat.reshape([int(size) for size in str(shape).split(",")]) if shape else flat


def rounded(values: np.ndarray) -> list[list[float | int | None]]:
    """Values as short JSON numbers, nan as null."""
    return [
        [
            None if math.isnan(value) else int(value) if value == int(value) else value
            for value in row
        ]
        for row in np.round(values, 2).tolist()
    ]
