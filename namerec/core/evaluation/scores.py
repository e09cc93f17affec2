"""How good a network's answers are: log-probabilities, confusion matrix, scores."""

import numpy as np
import torch

from namerec.core.corpus.dataset import Dataset
from namerec.core.corpus.protocols import Part, Protocol
from namerec.core.corpus.splits import Split
from namerec.core.evaluation.results import ConfusionMatrix, PredictedNames, Scores
from namerec.core.networks.name_model import NameModel

#: Names answered at once: large enough for full speed, small enough for 50 MB.
EVALUATION_BATCH = 2048


@torch.no_grad()
def predict_names(model: NameModel, dataset: Dataset, indices: np.ndarray) -> PredictedNames:
    """A network's answers on some names of a dataset, with dropout off.

    Args:
        model: The network; its training mode is left as it was.
        dataset: Whose categories the network was built for.
        indices: Which names, int64, (names,), duplicates allowed.
    """
    device = next(model.parameters()).device
    was_training = model.training
    model.eval()
    distinct, inverse = np.unique(indices, return_inverse=True)
    # Names of one length side by side leave no time step half empty.
    by_length = np.argsort(dataset.lengths[distinct], kind="stable")
    answers = np.empty((len(distinct), len(dataset.categories)), dtype=np.float32)
    for begin in range(0, len(distinct), EVALUATION_BATCH):
        rows = by_length[begin : begin + EVALUATION_BATCH]
        names, _ = dataset.batch(distinct[rows])
        answers[rows] = model(names.to(device)).cpu().numpy()
    model.train(was_training)
    return PredictedNames(
        indices=np.asarray(indices, dtype=np.int64),
        labels=dataset.labels[indices],
        log_probabilities=answers[inverse],
    )


def confusion(predictions: PredictedNames, categories: tuple[str, ...]) -> np.ndarray:
    """Counts, rows true and columns predicted, int64, (categories, categories)."""
    size = len(categories)
    cells = predictions.labels * size + predictions.predicted
    return np.bincount(cells, minlength=size * size).reshape(size, size)


def confusion_matrix(
    predictions: PredictedNames, dataset: Dataset, split: Split, part: Part
) -> ConfusionMatrix:
    """The confusion matrix of a network's answers on one part of a split."""
    counts = confusion(predictions, dataset.categories)
    return ConfusionMatrix(counts, dataset.categories, part, split.protocol)


def macro_recall(counts: np.ndarray) -> float:
    """Mean recall of the categories that have names, 0..1, from counts (rows true)."""
    support = counts.sum(axis=1)
    present = support > 0
    return float((np.diag(counts)[present] / support[present]).mean()) if present.any() else 0.0


def score(predictions: PredictedNames, split: Split, part: Part) -> Scores:
    """Scores a network's answers on one part of a split; see `scored`."""
    return scored(predictions, split.protocol, part)


def scored(predictions: PredictedNames, protocol: Protocol, part: Part) -> Scores:
    """Scores a network's answers on one part of a split of some protocol.

    Macro recall and macro F1 are means over the categories that have names in this part
    (Sokolova and Lapalme, "A systematic analysis of performance measures", 2009, table 3, with F1
    averaged over categories).
    """
    log_probabilities, labels = predictions.log_probabilities, predictions.labels
    size = log_probabilities.shape[1]
    counts = confusion(predictions, tuple(map(str, range(size))))
    support, hits = counts.sum(axis=1), np.diag(counts)
    f1 = 2 * hits / np.maximum(support + counts.sum(axis=0), 1)
    of_label = log_probabilities[np.arange(len(labels)), labels]
    ranked = np.argsort(-log_probabilities, axis=1, kind="stable")
    top3 = (ranked[:, :3] == labels[:, None]).any(axis=1)
    return Scores(
        part=part,
        protocol=protocol,
        names=len(labels),
        loss=float(-of_label.astype(np.float64).mean()),
        accuracy=float(hits.sum() / len(labels)),
        macro_recall=macro_recall(counts),
        macro_f1=float(f1[support > 0].mean()),
        top3=float(top3.mean()),
    )
