"""One of several that train together: `python -m tests.core.training.ranks RANK WORLD DIR`.

What it finds goes into DIR, as `RANK.json` and a file of weights for each training.
"""

import json
import sys
from dataclasses import asdict, replace
from pathlib import Path

import torch
import torch.distributed as dist
from safetensors.torch import save_file

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.splits import make_split
from namerec.core.networks.kinds import MODEL_KINDS
from namerec.core.training.config import RunConfig
from namerec.core.training.loop import Checkpoint, Record, train
from namerec.core.training.peers import Alone, Peers
from namerec.core.training.records import EpochRecord
from tests.conftest import tiny_config, tiny_lines
from tests.core.training.references import records_of, resumed_from

#: Networks and names in a batch: of two shares one is larger, or both are alike, or one is empty.
CASES = (*((kind, 15) for kind in MODEL_KINDS), ("custom_lstm", 16), ("custom_lstm", 1))
DATASET = Dataset.build("tiny", tiny_lines())
SPLIT = make_split(DATASET, "leak-free", 0)
#: The last batch of an epoch is not full, and every kind of dropout draws.
LEARNING = tiny_config(epochs=3, batch_size=7, letter_dropout=0.1)
LEARNING = LEARNING.model_copy(
    update={"model": LEARNING.model.model_copy(update={"dropout": 0.5, "char_ngrams": 2})}
)


def one_step(kind: str, names: int) -> RunConfig:
    """Settings under which the weights move by the gradient itself, once."""
    config = tiny_config(
        kind,
        steps=1,
        batch_size=names,
        optimizer="sgd",
        learning_rate=1.0,
        schedule="constant",
        clip_norm=0.0,
        weight_decay=0.0,
    )
    return config.model_copy(
        update={"model": config.model.model_copy(update={"char_ngrams": 2, "num_layers": 2})}
    )


def trained(config: RunConfig, peers: Alone | None = None) -> list[Record]:
    return list(train(config, DATASET, SPLIT, peers=peers))


def last_weights(records: list[Record]) -> dict[str, torch.Tensor]:
    return records_of(records, Checkpoint)[-1].weights


def _main(rank: int, world: int, folder: Path) -> None:
    torch.set_num_threads(1)
    store = f"file://{folder / 'store'}"
    dist.init_process_group(init_method=store, rank=rank, world_size=world)
    peers = Peers()
    for kind, names in CASES:
        weights = last_weights(trained(one_step(kind, names), peers))
        save_file(weights, folder / f"{kind}-{names}-{rank}")
    records = trained(LEARNING, peers)
    save_file(last_weights(records), folder / f"whole-{rank}")
    middle = resumed_from(records, 1)
    resumed = list(train(LEARNING, DATASET, SPLIT, middle, peers=peers))
    save_file(last_weights(resumed), folder / f"resumed-{rank}")
    order = torch.Generator()
    epochs = records_of(records, EpochRecord)
    found = {
        "noise": [peers.noise(order, 0, epoch).initial_seed() for epoch in range(3)],
        "epochs": [asdict(replace(one, seconds=0.0, names_per_second=0.0)) for one in epochs],
        "told": peers.told(b"by rank 0" if rank == 0 else None).decode(),
    }
    (folder / f"{rank}.json").write_text(json.dumps(found))
    dist.destroy_process_group()


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
