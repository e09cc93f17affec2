"""Many visitors at once, each with a tab of their own, and what they cost the server."""

from __future__ import annotations

import math
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from tests.faults.servers import Server
from tests.faults.sessions import Session

#: The pages a visitor goes through, "" being the start page.
PAGES = ("", "train", "evaluate", "name", "memory", "dataset")
#: What visitors ask the network; each takes the next one on.
NAMES = (
    "Kuroyanagi",
    "Dvořák",
    "Okafor",
    "Nguyễn",
    "O'Neill",
    "Papadopoulos",
    "Łukasiewicz",
    "Ito",
)

#: Closed sessions that Streamlit keeps (for two minutes), so that a tab whose connection was lost
#: can go on with its own.
KEPT_SESSIONS = 128
#: Page loads after which memory is flat: the kept sessions' places are full, and the allocator has
#: what taking turns in them needs.
LOADS_UNTIL_FLAT = KEPT_SESSIONS + 52


@dataclass
class Measured:
    """What a crowd saw.

    Attributes:
        seconds: Of every rerun asked for, by page; the looks of live fragments are not among them.
        failures: Every exception and error message on any page.
    """

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, tab: Session, seconds: float) -> None:
        """Takes in one rerun."""
        with self._lock:
            self.seconds[tab.page].append(seconds)
            self.failures += [f"/{tab.page}?{tab.query}: {words}" for words in tab.failures()]

    @property
    def reruns(self) -> list[float]:
        """Seconds of all reruns, sorted."""
        return sorted(second for page in self.seconds.values() for second in page)

    def percentile(self, percent: float) -> float:
        """Seconds that so many percent of the reruns took at most."""
        return self.reruns[math.ceil(len(self.reruns) * percent / 100) - 1]

    def __str__(self) -> str:
        pages = ", ".join(f"/{page} {max(taken):.2f}" for page, taken in self.seconds.items())
        return (
            f"{len(self.reruns)} reruns, p50 {self.percentile(50):.2f} s, "
            f"p95 {self.percentile(95):.2f} s; slowest of each page: {pages}"
        )


def visit(tab: Session, number: int) -> float:
    """Opens the page, and asks the name, that come at this number; returns the seconds it took."""
    page = PAGES[number % len(PAGES)]
    if page == "name":
        return tab.open(page, name=NAMES[number // len(PAGES) % len(NAMES)])
    return tab.open(page)


def warm(server: Server) -> None:
    """Opens every page once, so that torch is imported and the networks are loaded."""
    with Session(server.url) as tab:
        for number in range(len(PAGES)):
            visit(tab, number)


def crowd(server: Server, visitors: int, every: float, lasting: float) -> Measured:
    """Lets visitors come, each asking for a page at a steady pace, spread evenly over time.

    Args:
        server: Whose pages.
        visitors: Tabs that are open at once.
        every: Seconds between two pages of a visitor. In between, a page that redraws itself does.
        lasting: Seconds in which pages are asked for.
    """
    measured = Measured()
    start = time.monotonic()
    with ThreadPoolExecutor(visitors) as threads:
        stays = [
            threads.submit(_stay, server.url, measured, place, start, visitors, every, lasting)
            for place in range(visitors)
        ]
        for stay in stays:
            stay.result()
    return measured


def _stay(
    url: str,
    measured: Measured,
    place: int,
    start: float,
    visitors: int,
    every: float,
    lasting: float,
) -> None:
    """One visitor; begins at another page than the one before."""
    with Session(url) as tab:
        for turn in range(int(lasting / every)):
            _keep_looking(tab, until=start + (turn + place / visitors) * every)
            measured.note(tab, visit(tab, place + turn))


def _keep_looking(tab: Session, until: float) -> None:
    """Waits, and redraws what redraws itself as often as it asks for."""
    while (left := until - time.monotonic()) > 0:
        pause = min(tab.live.values(), default=left)
        time.sleep(min(pause, left))  # the visitor's pace, not a wait for the server
        if pause < left:
            tab.look()


def start_training(tab: Session, epochs: int, **settings: float) -> str:
    """Starts a run from the form of the Train page.

    Args:
        tab: Where.
        epochs: Of the run.
        settings: Other numbers of the form, by label with underscores for spaces.

    Returns:
        The run's id.
    """
    tab.open("train")
    for label, value in {"Epochs": epochs, **settings}.items():
        tab.enter(label.replace("_", " "), float(value))
    before = tab.query
    tab.press("Start training")
    assert tab.query != before, tab.words()
    return parse_qs(tab.query)["run"][0]


def load_pages(server: Server, count: int) -> None:
    """Opens pages one after the other, each in a tab that is closed again."""
    for number in range(count):
        with Session(server.url) as tab:
            visit(tab, number)
            assert tab.failures() == []


def memory_of_sessions(server: Server, sessions: int) -> float:
    """What the server's memory grows by for each tab that is opened and goes through all pages, MB.

    The server must have few closed tabs behind it: new ones would take up what those have freed.
    """
    before = server.memory()
    with ExitStack() as tabs:
        for _ in range(sessions):
            tab = tabs.enter_context(Session(server.url))
            for number in range(len(PAGES)):
                visit(tab, number)
                assert tab.failures() == []
        return (server.memory() - before) / sessions
