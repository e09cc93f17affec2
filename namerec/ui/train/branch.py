"""The Train page's mode in which the next run goes on from a stored one, with its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import streamlit as st

from namerec.core.training.config import RunConfig
from namerec.errors import NamerecError
from namerec.text import plain
from namerec.ui.frame import address
from namerec.ui.server.manager import manager

if TYPE_CHECKING:
    from namerec.runs.lineage import Point

FROM, AT = "from", "at"
_FROM, _AT = "train_from", "train_at"
_POINTS: dict[str, str] = {"last": "last epoch", "best": "best epoch"}


class Branch(NamedTuple):
    """Where the next run begins.

    Attributes:
        run_id: The run that is gone on from.
        point: Its best epoch, or the last one stored.
        epoch: Which one that is, counted within that run.
        title: Its network and its names.
        config: Its settings, with the split it has kept fast.
    """

    run_id: str
    point: Point
    epoch: int
    title: str
    config: RunConfig

    @property
    def place(self) -> tuple[str, Point]:
        """As `JobManager.start` takes it."""
        return self.run_id, self.point


def take_branch() -> Branch | None:
    """The mode that the URL or the session asks for; says so if it cannot be had."""
    run_id = address.keep(FROM, "", str, state=_FROM)
    point = address.keep(AT, "best", address.one_of(_POINTS), state=_AT, always=bool(run_id))
    if not run_id:
        return None
    try:
        branch = _looked_up(run_id, cast("Point", point))
    except NamerecError as error:
        st.warning(
            plain(f"The run in this link cannot be continued. {error}"),
            icon=":material/link_off:",
        )
        leave()
        address.write(FROM, None)
        address.write(AT, None)
        return None
    return branch


def _looked_up(run_id: str, point: Point) -> Branch:
    from namerec.runs.lineage import branch_settings

    folder = manager().store.open(run_id)
    info, status = folder.info(), folder.status()
    return Branch(
        run_id=run_id,
        point=point,
        epoch=status.best_epoch if point == "best" else status.epoch,
        title=f"{info.config.model.title} on {info.dataset.title}",
        config=branch_settings(info.config),
    )


def say_branch(branch: Branch) -> None:
    """What the next run goes on from, what of it is fixed, and the way out."""
    st.badge(
        f"continues from epoch {branch.epoch} ({_POINTS[branch.point]})",
        icon=":material/fork_right:",
        color="green",
    )
    model, training = branch.config.model, branch.config.training
    layers = f"{model.num_layers} layers of " if model.num_layers > 1 else ""
    st.caption(
        plain(
            f"Starts with the weights of run {branch.run_id}. These settings stay as in that run: "
            f"{branch.title}, {layers}{model.hidden_size} hidden units, {training.protocol} split "
            f"with seed {training.split_draw}. The learning rate schedule starts again."
        )
    )
    st.button(
        "Start from scratch instead",
        icon=":material/restart_alt:",
        on_click=leave,
        width="stretch",
        help="Keeps the settings, but the next run starts with random weights.",
    )


def leave() -> None:
    """Has the next run begin with weights of its own."""
    st.session_state[_FROM], st.session_state[_AT] = "", "best"
