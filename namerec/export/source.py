"""A run that something is made of: its records, its names and its network, read when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import Split, make_split
from namerec.core.networks.name_model import NameModel
from namerec.data import catalogue
from namerec.jobs.corpora import corpus_of
from namerec.runs.folder import RunFolder
from namerec.runs.networks import load_network
from namerec.runs.store import RunStore
from namerec.runs.summary import RunSummary


class MadeFile(NamedTuple):
    """A file that was made of a run.

    Attributes:
        name: The file's; what belongs to another one may lie in a folder, as in `report/1.png`.
        content: All of it.
        words: What there is to say about how it was made, in a sentence; often nothing.
    """

    name: str
    content: bytes
    words: str = ""


@dataclass(frozen=True)
class Source:
    """One run, for whoever makes files of it.

    Attributes:
        run: What it is, and how far it has come.
        folder: Where it is stored.
        load: Reads a corpus; the pages give one that remembers.
    """

    run: RunSummary
    folder: RunFolder
    load: Callable[[str], Dataset] = catalogue.load

    @staticmethod
    def of(
        store: RunStore, identity: str, load: Callable[[str], Dataset] = catalogue.load
    ) -> Source:
        """Finds a run by its id.

        Raises:
            RunError: If there is none, or it is damaged.
        """
        return Source(store.readable(identity), store.open(identity), load)

    @property
    def model(self) -> NameModel:
        """The network at the run's best epoch, in evaluation mode, the caller's own copy.

        Raises:
            RunError: If no epoch was finished, or the files are damaged.
        """
        return load_network(self.folder).model

    @cached_property
    def dataset(self) -> Dataset:
        """The names it was trained on.

        Raises:
            DataError: If they are no longer there.
        """
        return self.load(corpus_of(self.run.info, self.load))

    @cached_property
    def split(self) -> Split:
        """How they were divided.

        Raises:
            DataError: If they are no longer there.
        """
        training = self.run.info.config.training
        return make_split(self.dataset, training.protocol, training.split_draw)
