"""Whether stored tensors fit the run they lie in: damaged and foreign ones are refused."""

from __future__ import annotations

import torch
from torch import Tensor

from namerec.core.evaluation.results import PredictedNames
from namerec.core.networks.models import MODELS
from namerec.core.training.config import RunConfig
from namerec.errors import RunError
from namerec.runs.records import RunInfo

#: What Adam and AdamW keep of each weight tensor, besides the number of steps.
_MOMENTS = ("exp_avg", "exp_avg_sq")
#: How far above 0 a logarithm of a probability may be rounded.
_ROUNDING = 1e-3


def check_weights(weights: dict[str, Tensor], info: RunInfo, file: str) -> None:
    """Checks that weights are those of the run's network.

    Args:
        weights: By name.
        info: What the run is.
        file: Where they were read, for the message.

    Raises:
        RunError: If one is missing, too many, of another shape or type, or not finite.
    """
    expected = {name: tensor.shape for name, tensor in _network(info).state_dict().items()}
    if {name: tensor.shape for name, tensor in weights.items()} != expected:
        raise _misfit(info, file, "its weights do not fit the run's settings")
    _check_numbers(weights, info, file)


def check_resume(resume: dict[str, Tensor], info: RunInfo, file: str) -> None:
    """Checks that optimizer and random state are such as the run's training leaves.

    Raises:
        RunError: If something is missing, too much, of another shape or type, or not finite.
    """
    moments = {name: tensor for name, tensor in resume.items() if name != "generator"}
    try:
        torch.Generator().set_state(resume["generator"])
    except (KeyError, RuntimeError, TypeError):
        raise _misfit(info, file, "its random state is damaged") from None
    check_moments(moments, info, file)


def check_moments(moments: dict[str, Tensor], info: RunInfo, file: str) -> None:
    """Checks that an optimizer's state is one that the run's optimizer leaves.

    Raises:
        RunError: If something is missing, too much, of another shape or type, or not finite.
    """
    expected = _moments(info.config, [tensor.shape for tensor in _network(info).parameters()])
    if {name: tensor.shape for name, tensor in moments.items()} != expected:
        raise _misfit(info, file, "its optimizer state does not fit the run's settings")
    _check_numbers(moments, info, file)


def check_predictions(answers: PredictedNames, info: RunInfo, file: str) -> None:
    """Checks that answers are about the run's names and categories.

    Raises:
        RunError: If shapes or types are others, or a name or category is not the run's.
    """
    names, categories = len(answers.indices), len(info.dataset.categories)
    layout = [
        (array.dtype.str[1:], array.shape)
        for array in (answers.indices, answers.labels, answers.log_probabilities)
    ]
    if layout != [("i8", (names,)), ("i8", (names,)), ("f4", (names, categories))]:
        raise _misfit(info, file, "its predictions do not fit the run's settings")
    for numbers, end in ((answers.indices, info.dataset.names), (answers.labels, categories)):
        if names and not 0 <= numbers.min() <= numbers.max() < end:
            raise _misfit(info, file, "its predictions are for other names")
    if not (answers.log_probabilities < _ROUNDING).all():
        raise _misfit(info, file, "its predictions are not probabilities")


def _network(info: RunInfo) -> torch.nn.Module:
    with torch.device("meta"):
        return MODELS[info.config.model.kind](info.config.model, len(info.dataset.categories))


def _moments(config: RunConfig, shapes: list[torch.Size]) -> dict[str, torch.Size]:
    if config.training.optimizer == "sgd":
        return {}
    result = {f"{index}.step": torch.Size() for index in range(len(shapes))}
    for index, shape in enumerate(shapes):
        result |= {f"{index}.{moment}": shape for moment in _MOMENTS}
    return result


def _check_numbers(tensors: dict[str, Tensor], info: RunInfo, file: str) -> None:
    for tensor in tensors.values():
        if tensor.dtype != torch.float32 or not bool(torch.isfinite(tensor).all()):
            raise _misfit(info, file, "it holds values that are not finite 32-bit numbers")


def _misfit(info: RunInfo, file: str, reason: str) -> RunError:
    return RunError(
        f"“{file}” of run {info.id} cannot be used: {reason}. Train the run again, or put the "
        "file back from a copy."
    )
