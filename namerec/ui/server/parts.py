"""What the lab's server has besides the pages, and does at its beginning and at its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.routing import Route

from namerec.disk import remove_debris, unwritable
from namerec.logs import set_up
from namerec.settings import home, share_processors
from namerec.ui.server import uploads
from namerec.ui.server.api import Predictions
from namerec.ui.server.connections import Bounds
from namerec.ui.server.guard import Guard
from namerec.ui.server.manager import end_training
from namerec.ui.server.sweeps import end_sweeps

log = logging.getLogger(__name__)

#: Seconds between two looks for files of sessions that are gone.
_LOOK = 60.0


def server_parts() -> dict[str, Any]:
    """Arguments of `st.App`."""
    share_processors()
    return {
        "routes": [Route("/api/predict", Predictions().answer_request, methods=["GET"])],
        "middleware": [Middleware(Guard)],
        "lifespan": _lifespan,
    }


@asynccontextmanager
async def _lifespan(_: object) -> AsyncIterator[None]:
    set_up(home() / "logs")
    Bounds()
    if words := unwritable("data", home(), "NAMEREC_HOME"):
        log.error(words)
    tidying = asyncio.create_task(_tidy())
    yield
    tidying.cancel()
    await to_thread.run_sync(end_sweeps)
    await to_thread.run_sync(end_training)


async def _tidy() -> None:
    await to_thread.run_sync(_clear_away)
    while True:
        await asyncio.sleep(_LOOK)
        uploads.forget_gone()


def _clear_away() -> None:
    """Removes what killed programs left behind."""
    from namerec.data import tutorial  # late: 0.2 s that no page waits for

    tutorial.sweep(tutorial.download_folder())
    if removed := remove_debris(home()):
        log.info("%d unfinished files of killed programs were removed", len(removed))
