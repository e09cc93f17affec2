"""A run as a program: plain PyTorch that trains the same network on the same names.

It needs PyTorch and nothing of namerec. What is random in training is drawn in the run's own order
from the same seed, so that it reaches the run's curve up to rounding. Names and categories of a
corpus stand in a table beside it, never in the code.
"""

import json
from collections.abc import Iterable

from namerec.core.corpus.protocols import Part, holds_out
from namerec.core.training.config import EVALUATIONS_PER_RUN, RunConfig
from namerec.core.training.loop import InitialWeights
from namerec.export.program.assembly import (
    SETTINGS,
    Program,
    Section,
    as_comment,
    assemble,
    heading,
)
from namerec.export.program.tables import tables
from namerec.export.source import MadeFile, Source
from namerec.runs.lineage import initial_weights

SCRIPT = "train_names.py"
#: Longest piece of a corpus's title in a program, code points.
_TITLE = 80

_OPTIMIZERS = {"sgd": "torch.optim.SGD", "adam": "torch.optim.Adam", "adamw": "torch.optim.AdamW"}
_SCHEDULES = {"cosine": "schedule_cosine", "one-cycle": "schedule_one_cycle"}
_POWERS = {"natural": 0.0, "square root": -0.5, "balanced": -1.0}

_HEAD = '''"""A run of the Name Recognition Lab as a program in plain PyTorch.

It builds the run's network, trains it on the run's names with the run's settings, and prints its
results beside the run's. Start it in the folder of its tables, with names to recognise if you like:

    python train_names.py
    python train_names.py Okonkwo Rossi
"""
'''


def script_files(source: Source) -> list[MadeFile]:
    """The run as a script, and the tables that it reads.

    Args:
        source: The run; it need not be finished.

    Raises:
        DataError: If its names are no longer there.
        RunError: If its files are damaged.
    """
    program = program_of(source, "script")
    head = f"{_HEAD}\n{program.imports}\n\n{as_comment(chr(10).join(facts(source)))}"
    parts = [head, *map(_with_heading, program.sections)]
    words = f"Run it in the folder of its tables. It needs {needed_packages(source)}."
    script = MadeFile(SCRIPT, ("\n\n\n".join(parts) + "\n").encode(), words)
    return [script, *tables(source)]


def _with_heading(section: Section) -> str:
    # As usual, two blank lines before a function or class.
    space = "\n\n\n" if section.code.startswith(("def ", "class ", "@")) else "\n\n"
    return f"{heading(section)}{space}{section.code}"


def program_of(source: Source, form: str) -> Program:
    """The run's program in parts."""
    config, initial = source.run.info.config, initial_weights(source.folder)
    needs = _needs(source, initial) | {"script": form == "script"}
    pieces = [
        SETTINGS,
        "names",
        *(["ngrams"] if needs["ngrams"] else []),
        "packing",
        "chance",
        *(["dropout"] if needs["dropout"] else []),
        *(["ngram_logits"] if needs["ngrams"] else []),
        *([] if initial else ["first_weights"]),
        f"network_{config.model.kind}",
        *(["initial_weights"] if initial else []),
        "optimizer",
        *([_SCHEDULES[config.training.schedule]] if needs["schedule"] else []),
        "order",
        "evaluation",
        "training",
        *(["curves"] if form == "notebook" else []),
        "results",
        "prediction",
        f"asked_{form}",
    ]
    return assemble(pieces, needs, _settings(source))


def facts(source: Source) -> list[str]:
    """What the program was made of, in plain ASCII, a line each."""
    info, status = source.run.info, source.run.status
    device = info.config.training.device
    lines = [
        f"Made from run {info.id}, network {ascii(info.config.model.title)[1:-1]}.",
        f"Its corpus: {info.dataset.title[:_TITLE]!a}, {info.dataset.names:,} names.",
        f"The run was trained with PyTorch {ascii(info.versions.get('torch', 'unknown'))[1:-1]}.",
    ]
    if source.run.state != "finished":
        lines.append(f"It is {source.run.state} after {status.epoch} epochs; its curve ends there.")
    if device != "cpu":
        lines.append(
            "It may have been trained on a GPU; this program uses the CPU, so last digits differ."
        )
    return lines


def needed_packages(source: Source) -> str:
    """What has to be installed for the program besides Python."""
    return "PyTorch and NumPy" if source.run.info.branch_points else "PyTorch"


def _needs(source: Source, initial: InitialWeights | None) -> dict[str, bool]:
    """What the run's settings ask of a program, as the pieces call it."""
    config = source.run.info.config
    model, training = config.model, config.training
    layers, dropout = model.num_layers > 1, model.dropout > 0
    return {
        "tanh": model.nonlinearity == "tanh",
        "layers": layers,
        "dropout": dropout,
        "stacked": model.network.twin is not None and layers and dropout,
        "both": model.direction == "both",
        "ngrams": model.char_ngrams > 0,
        "ngram_dropout": model.char_ngrams > 0 and model.ngram_dropout > 0,
        "forget_bias": model.forget_bias != 0,
        "initial": initial is not None,
        "moments": initial is not None and bool(initial.moments),
        "letter_dropout": training.letter_dropout > 0,
        "steps": training.steps is not None,
        "weighted": training.sampling != "natural",
        "batched": training.batch_size > 1,
        "clipped": training.clip_norm > 0,
        "schedule": training.schedule != "constant",
        "patience": training.patience > 0,
        "course": not holds_out(training.protocol),
        "finished": bool(source.run.status.scores),
    }


def _settings(source: Source) -> dict[str, str]:
    """The run's value of every setting, as a Python expression."""
    info, scores, split = source.run.info, source.run.status.scores, source.split
    parts: tuple[Part, ...] = ("validation", "test")
    return _configured(info.config) | {
        "THREADS": str(info.threads),
        "MEASURED_ON": _dictionary((part, json.dumps(split.words(part))) for part in parts),
        "RUN_ACCURACY": _dictionary((part, repr(scores[part].accuracy)) for part in scores),
        "RUN_MACRO_RECALL": _dictionary((part, repr(scores[part].macro_recall)) for part in scores),
    }


def _configured(config: RunConfig) -> dict[str, str]:
    model, training = config.model, config.training
    epochs = training.epochs
    if training.steps is not None:
        epochs = min(EVALUATIONS_PER_RUN, training.steps)
    numbers = {
        "SEED": training.seed,
        "HIDDEN_SIZE": model.hidden_size,
        "NUM_LAYERS": model.num_layers,
        "DROPOUT": model.dropout,
        "FORGET_BIAS": model.forget_bias,
        "LONGEST_NGRAM": model.char_ngrams,
        "NGRAM_DROPOUT": model.ngram_dropout,
        "LETTER_DROPOUT": training.letter_dropout,
        "LEARNING_RATE": training.learning_rate,
        "WEIGHT_DECAY": training.weight_decay,
        "CLIP_NORM": training.clip_norm,
        "BATCH_SIZE": training.batch_size,
        "STEPS": training.steps or 0,
        "EPOCHS": epochs,
        "PATIENCE": training.patience,
        "POWER": _POWERS[training.sampling],
    }
    values = {
        name: f"{value:_}" if isinstance(value, int) else repr(value)
        for name, value in numbers.items()
    }
    return values | {"OPTIMIZER": _OPTIMIZERS[training.optimizer]}


def _dictionary(items: Iterable[tuple[str, str]]) -> str:
    return "{\n" + "".join(f'    "{key}": {value},\n' for key, value in items) + "}"
