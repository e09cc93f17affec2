"""One training in several processes: torchrun starts them, and again if one of them dies.

The first of them, rank 0, alone makes the run and stores it, as for any run. It tells the others
what to train, as JSON and safetensors; they need the names, and nothing of the data folder.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import torch
import torch.distributed as dist

# Keeps the group there is while it is imported, for ever; a network would import it later.
import torch.distributed.nn.functional
from safetensors.torch import load, save
from torch import Tensor
from torch.distributed import PrefixStore, Store, TCPStore  # type: ignore[attr-defined]

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import PARTS
from namerec.core.corpus.splits import Split
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Checkpoint, InitialWeights, Progress, Record, Resumed, train
from namerec.core.training.peers import Peers
from namerec.errors import ConfigError, DataError, TrainingError
from namerec.runs.records import ProgressText
from namerec.runs.tensors import with_prefix

#: Longest that processes wait for one another: while rank 0 makes the table of a hundred million
#: names. One that dies is noticed at once.
WAIT = timedelta(hours=2)
#: Seconds between two looks whether all are there.
_LOOK_SECONDS = 0.02
#: Where the processes' common store, which torchrun keeps when it starts them again, has the run.
_RUN_KEY = "namerec/run"


@contextmanager
def joined() -> Iterator[Peers]:
    """The processes that torchrun started with this one, until this one leaves them.

    Leaving ends the group's threads: a process that exits beside one of them may be aborted, and
    torchrun would train once more. They end with the last that holds the group.

    Raises:
        ConfigError: If torchrun did not start this one.
    """
    if not dist.is_torchelastic_launched():
        raise ConfigError(
            "--distributed is for processes that torchrun starts, for example two: "
            "torchrun --standalone --nproc-per-node 2 -m namerec train --distributed"
        )
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    store, rank, world = _store(), int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    own = PrefixStore(roll_call(store, rank, world), store)
    dist.init_process_group(store=own, rank=rank, world_size=world, timeout=WAIT)
    try:
        yield Peers()
    finally:
        dist.destroy_process_group()
        gc.collect()  # the trained network holds it in a circle


def roll_call(store: Store, rank: int, world: int) -> str:
    """What processes agree on that were started together, the same for all of them.

    torchrun keeps the store when it starts processes again, with the addresses of the dead in it:
    whoever reads one before its new owner has replaced it cannot connect. So rank 0 calls out who
    is here until everybody has found himself in the roll.

    Args:
        store: That all have in common.
        rank: Of this process.
        world: How many there are.
    """
    own = uuid4().hex
    store.set(f"namerec/here/{rank}", own)
    while True:
        if rank == 0:
            here = [store.get(f"namerec/here/{other}").decode() for other in range(world)]
            store.set("namerec/roll", " ".join(here))
        roll = store.get("namerec/roll").decode()
        name = f"namerec/started/{sha256(roll.encode()).hexdigest()}"
        if own in roll.split():
            store.set(f"{name}/{rank}", "")
            if store.check([f"{name}/{other}" for other in range(world)]):
                return name
        time.sleep(_LOOK_SECONDS)


def note_run(run_id: str) -> None:
    """Says which run these processes train, for the case that they are started again."""
    _store().set(_RUN_KEY, run_id)


def noted_run() -> str | None:
    """The run that these processes trained before they were started again; None the first time."""
    store = _store()
    return store.get(_RUN_KEY).decode() if store.check([_RUN_KEY]) else None


def _store() -> PrefixStore:
    address, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    store = TCPStore(address, port, is_master=False, timeout=WAIT)
    return PrefixStore(os.environ["TORCHELASTIC_RUN_ID"], store)


class Lead:
    """Trains as `core.training.loop.train` does, together with those that `follow`."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers

    def __call__(
        self,
        config: RunConfig,
        dataset: Dataset,
        split: Split,
        resumed: Resumed | None = None,
        initial: InitialWeights | None = None,
    ) -> Generator[Record]:
        """The records from there to the end.

        Raises:
            TrainingError: If another process has ended before.
        """
        with _others_needed():
            text, tensors = _packed(config, dataset, split, resumed, initial)
            self._peers.told(text)
            self._peers.told(save(tensors))
            yield from train(config, dataset, split, resumed, initial, self._peers)


def follow(peers: Peers, load_dataset: Callable[[str], Dataset]) -> None:
    """Trains what rank 0 leads, to its end; stores nothing.

    Raises:
        DataError: If the names here are not those that rank 0 has.
        TrainingError: If another process has ended before.
    """
    with _others_needed():
        task, tensors = json.loads(peers.told()), load(peers.told())
        config = RunConfig.model_validate(task["config"])
        torch.set_num_threads(task["threads"])
        dataset = load_dataset(config.training.dataset)
        if dataset.fingerprint != task["fingerprint"]:
            raise DataError(
                f"The names in “{dataset.title}” are not the same for all processes of this "
                "training. Give every machine the same files."
            )
        parts = {name: part.numpy() for name, part in with_prefix(tensors, "split.").items()}
        split = Split(config.training.protocol, config.training.split_draw, **parts)
        resumed, initial = None, None
        if task["progress"]:
            progress = Progress(**ProgressText.model_validate_json(task["progress"]).model_dump())
            weights, resume = with_prefix(tensors, "model."), with_prefix(tensors, "resume.")
            point = Checkpoint(progress, weights, resume, best=False)
            resumed = Resumed(point, with_prefix(tensors, "best."))
        elif first := with_prefix(tensors, "first."):
            initial = InitialWeights(first, with_prefix(tensors, "moments."))
        for _ in train(config, dataset, split, resumed, initial, peers):
            pass


def _packed(
    config: RunConfig,
    dataset: Dataset,
    split: Split,
    resumed: Resumed | None,
    initial: InitialWeights | None,
) -> tuple[bytes, dict[str, Tensor]]:
    """What `follow` needs."""
    parts = {str(part): torch.from_numpy(split.part(part)) for part in PARTS}
    groups = {"split.": parts}
    if resumed is not None:
        point = resumed.checkpoint
        groups |= {"model.": point.weights, "resume.": point.resume, "best.": resumed.best_weights}
    elif initial is not None:
        groups |= {"first.": initial.weights, "moments.": initial.moments}
    task = {
        "config": config.model_dump(mode="json"),
        "fingerprint": dataset.fingerprint,
        "threads": torch.get_num_threads(),
        "progress": json.dumps(asdict(resumed.checkpoint.progress)) if resumed else "",
    }
    tensors = {
        prefix + name: tensor.clone().contiguous()  # safetensors want each by itself
        for prefix, group in groups.items()
        for name, tensor in group.items()
    }
    return json.dumps(task).encode(), tensors


@contextmanager
def _others_needed() -> Iterator[None]:
    """Says in a sentence that another process has gone, which PyTorch says in many ways."""
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, dist.DistError) and "/gloo/" not in str(error):
            raise
        raise TrainingError(
            "Another process of this training has ended, so that this one ends too; what it stored "
            "is kept. Resume the run with as many processes; torchrun does so by itself with "
            "--max-restarts."
        ) from error
