"""Predictions as JSON beside the pages: `GET /api/predict?name=Nakamura`.

The same server, network, limits and sentences as the pages; who may see those may ask here, but for
a login, which only a browser can go through.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from anyio import to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse

from namerec.core.corpus.alphabet import MAX_TEXT, normalise
from namerec.errors import NameInputError, NamerecError, RunError
from namerec.ui.server.access import refusal

log = logging.getLogger(__name__)

#: Names that one request may ask about.
MOST_NAMES = 100
#: Categories in an answer, if the request does not say how many.
TOP = 3
#: Most that it may say.
MOST_TOP = 200
#: Requests that may wait for their turn, of which there is one at a time, and for how many seconds.
MOST_WAITING = 20
PATIENCE = 5.0
#: Names times parameters of the network that a request may ask for: about half a second of work.
MOST_WORK = 500_000_000

TOO_MANY = "Too many requests at the moment. Try again in a few seconds."
_ALLOWED = ("name", "run", "top")


class Predictions:
    """Answers requests one at a time, so that pages have the processor and its threads."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def answer_request(self, request: Request) -> JSONResponse:
        """Answers a request, or says why not."""
        if sentence := refusal(request):
            return _error(403, sentence)
        if self._waiting >= MOST_WAITING:
            return _error(503, TOO_MANY)
        self._waiting += 1
        try:
            await asyncio.wait_for(self._turn.acquire(), PATIENCE)
        except TimeoutError:
            return _error(503, TOO_MANY)
        finally:
            self._waiting -= 1
        try:
            # Of the server's pool of threads a request takes one only when it is its turn.
            return await to_thread.run_sync(_answered, request.query_params)
        finally:
            self._turn.release()


def _answered(asked: QueryParams) -> JSONResponse:
    try:
        return JSONResponse(answer(asked))
    except NameInputError as error:
        return _error(400, str(error))
    except RunError as error:
        return _error(404, str(error))
    except NamerecError as error:
        return _error(500, str(error))
    except Exception:
        log.exception("a request for a prediction failed")
        return _error(500, "Something unexpected went wrong. The details are in the server's log.")


def answer(asked: QueryParams) -> dict[str, Any]:
    """The answer to a request's parameters.

    Args:
        asked: `name`, once or more; `run`, the best there is if not given; `top`, categories in an
            answer.

    Returns:
        `run`, and `predictions`: for each name as it was given `name`, `normalised`, and `top`,
        pairs of a category and its probability, 0..1; none where nothing can be read.

    Raises:
        NameInputError: If a parameter is missing, unknown or out of bounds.
        RunError: If there is no such run.
    """
    # The store is not the pages' own: that is cached with a spinner, and there is no page for it.
    from namerec.core.evaluation.prediction import predict
    from namerec.runs.networks import kept_network
    from namerec.runs.store import RunStore

    names, top = _names(asked), _top(asked)
    network = kept_network(RunStore().open_or_best(asked.get("run")))
    if len(names) * network.info.parameters > MOST_WORK:
        raise NameInputError(
            f"{len(names)} names are too many for a network of {network.info.parameters:,} "
            f"parameters; at most {max(1, MOST_WORK // network.info.parameters)} at a time. Send "
            "the others in separate requests."
        )
    normalised = [normalise(name) for name in names]
    readable = [name for name in normalised if name.letters]
    ranked = iter(list(predict(network.model, network.categories, readable)))
    rows = []
    for name in normalised:
        best = next(ranked).top(top) if name.letters else ()
        pairs = [[category, round(probability, 6)] for category, probability in best]
        rows.append({"name": name.original, "normalised": name.letters, "top": pairs})
    return {"run": network.info.id, "predictions": rows}


def _names(asked: QueryParams) -> list[str]:
    unknown = sorted(set(asked) - set(_ALLOWED))
    if unknown:
        raise NameInputError(
            f"There is no parameter “{unknown[0][:50]}”. There are name (up to {MOST_NAMES} "
            "times), run and top."
        )
    names = asked.getlist("name")
    if not 1 <= len(names) <= MOST_NAMES:
        raise NameInputError(
            f"{len(names)} names were given; 1 to {MOST_NAMES} are allowed. Ask for example "
            "/api/predict?name=Nakamura&name=Okafor."
        )
    too_long = max(map(len, names))
    if too_long > MAX_TEXT:
        raise NameInputError(
            f"A name has {too_long:,} characters; at most {MAX_TEXT} are read. Shorten it."
        )
    return names


def _top(asked: QueryParams) -> int:
    given = asked.get("top", str(TOP))
    if given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MOST_TOP:
        return int(given)
    raise NameInputError(
        f"top is “{given[:50]}”, but it must be a whole number from 1 to {MOST_TOP}."
    )


def _error(status: int, sentence: str) -> JSONResponse:
    return JSONResponse({"error": sentence}, status)
