"""How a network uses its gates and its cell, over many names: by place in the name, and by unit."""

from dataclasses import dataclass, field

import numpy as np
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.inside.name_samples import batches, sample, spread_over
from namerec.core.inside.reading import letters_of, one_hot, read
from namerec.core.networks.kinds import Kind, ModelKind
from namerec.core.networks.name_model import NameModel
from namerec.errors import ConfigError

#: A gate above the first is nearly open, below the second nearly shut.
NEARLY_OPEN, NEARLY_SHUT = 0.9, 0.1
#: Most numbers kept of all names, over letters, units and symbols (128 MB).
MOST_KEPT = 32_000_000


@dataclass(frozen=True, eq=False)
class Band:
    """Values over all units and names at K places of the names.

    Attributes:
        names: Names that have such a letter, int64, (K,), never growing.
        mean: (K,).
        low: 10th percentile, (K,).
        high: 90th percentile, (K,).
    """

    names: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True, eq=False)
class SymbolUse:
    """One gate, the candidate or the cell state of one layer, over all units, letters and names.

    Attributes:
        from_beginning: By place from the beginning of the name, 0 the first letter.
        from_end: By place from the end of the name, 0 the last letter.
        mean: Of all values.
        high: Share of values above `NEARLY_OPEN` in size; of the cell state, above 1, which no
            single letter can bring about: what one letter lets in, i times g, is below 1.
        low: Share of values below `NEARLY_SHUT` in size.
    """

    from_beginning: Band
    from_end: Band
    mean: float
    high: float
    low: float


@dataclass(frozen=True, eq=False)
class GateUse:
    """One layer of a network with gates on N names.

    Attributes:
        kind: The network.
        uses: By symbol, see `watched`.
        spans: For each unit, how many letters it holds what it knows: 1 / (1 - mean keep gate),
            the mean taken over all names and all letters but the first one read, at which there
            is nothing to keep; infinite for a gate that never shuts at all; (units,). Not a
            number where no name has a second letter.
        lengths: Letters of each name, int64, (N,).
    """

    kind: ModelKind
    uses: dict[str, SymbolUse] = field(repr=False)
    spans: np.ndarray
    lengths: np.ndarray


def watched(kind: Kind) -> tuple[str, ...]:
    """What is summed up: the gates, the candidate, and states that the network does not show."""
    gates = [symbol.name for symbol in kind.symbols if symbol.is_gate]
    others = [symbol.name for symbol in kind.symbols if symbol.name not in (*gates, "h")]
    return (*gates, *others)


def watched_names(model: NameModel, dataset: Dataset, part: np.ndarray) -> np.ndarray:
    """The names of a part to watch gates on: a sample of which `MOST_KEPT` numbers are kept.

    Args:
        model: Whose size decides how many.
        dataset: The names.
        part: Those to choose from, int64, (names,).
    """
    a_letter = len(watched(model.kind)) * model.config.hidden_size
    drawn = sample(model, part)
    while len(drawn) > 1 and (kept := a_letter * int(dataset.lengths[drawn].sum())) > MOST_KEPT:
        drawn = spread_over(part, max(1, len(drawn) * MOST_KEPT // kept))
    return drawn


@torch.no_grad()
def gate_use(model: NameModel, dataset: Dataset, indices: np.ndarray, layer: int) -> GateUse:
    """Reads names and sums up what one layer's gates did.

    A gate of what is kept that always has the value f keeps the share f to the power of k for k
    letters, as a leaky memory does whose time constant is about 1 / (1 - f). (Tallec and Ollivier,
    "Can recurrent neural networks warp time?", ICLR 2018, section 2.)

    Args:
        model: One with gates; it is put into evaluation mode.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), one or more.
        layer: Counted as in `Reading.steps`, so that cells that read from the end have their own.

    Raises:
        ConfigError: If the network has no gates.
    """
    keeps = model.kind.keeps
    if keeps is None:
        raise ConfigError(f"{model.kind.opening} has no gates. Choose a network that has gates.")
    model.eval()
    lengths = dataset.lengths[indices].astype(np.int64)
    begins = np.cumsum(lengths) - lengths  # the row of each name's first letter
    units = model.config.hidden_size
    shape = (int(lengths.sum()), units)
    values = {symbol: np.empty(shape, dtype=np.float32) for symbol in watched(model.kind)}
    from_end = bool(model.backward_weights()) and layer % 2 == 1
    kept, letters = np.zeros(units), 0
    for places in batches(model, dataset, indices, graph=False):
        steps = read(model, one_hot(model, letters_of(dataset, indices[places]))).steps[layer]
        for place, step in enumerate(steps):
            for symbol, of_symbol in values.items():
                of_symbol[begins[places] + place] = step[symbol].float().cpu().numpy()
        after_first = steps[:-1] if from_end else steps[1:]
        for step in after_first:
            kept += step[keeps].double().sum(dim=0).cpu().numpy()
            letters += len(places)
    mean = kept / letters if letters else np.full(units, np.nan)
    with np.errstate(divide="ignore"):
        spans = 1 / (1 - mean)
    uses = {
        symbol: _use(of_symbol, lengths, bounded=model.kind.symbol(symbol).bounds is not None)
        for symbol, of_symbol in values.items()
    }
    return GateUse(model.config.kind, uses, spans, lengths)


def _use(values: np.ndarray, lengths: np.ndarray, *, bounded: bool) -> SymbolUse:
    """Sums up values (letters, H), each name's letters from first to last."""
    begins = np.cumsum(lengths) - lengths
    place = np.arange(len(values)) - np.repeat(begins, lengths)  # of each letter in its name
    sizes = np.abs(values)
    return SymbolUse(
        from_beginning=_band(values, place),
        from_end=_band(values, np.repeat(lengths, lengths) - 1 - place),
        mean=float(values.mean(dtype=np.float64)),
        high=float((sizes > (NEARLY_OPEN if bounded else 1)).mean()),
        low=float((sizes < NEARLY_SHUT).mean()),
    )


def _band(values: np.ndarray, places: np.ndarray) -> Band:
    """Sums up values (letters, H) by the letters' places, (letters,)."""
    columns = [values[places == place] for place in range(int(places.max()) + 1)]
    low, high = (
        np.array([float(np.percentile(column, rank)) for column in columns]) for rank in (10, 90)
    )
    return Band(
        names=np.array([len(column) for column in columns], dtype=np.int64),
        mean=np.array([float(column.mean(dtype=np.float64)) for column in columns]),
        low=low,
        high=high,
    )
