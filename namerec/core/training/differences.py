"""In which settings runs differ, settings that have no effect left out."""

from collections.abc import Sequence

from namerec.core.networks.kinds import has_setting
from namerec.core.training.config import RunConfig

#: A setting's value; None where the setting has no effect on that run.
Value = str | int | float | None


def effective_settings(config: RunConfig) -> dict[str, Value]:
    """All settings that decide a run's numbers, by name, in the order of the configuration.

    What has no effect is None: a setting that the network does not have, `epochs` beside `steps`,
    the dropout of n-grams where there are none. `split_seed` is the seed that does divide
    the names. The corpus is left out: two references can stand for the same names.
    """
    model, training = config.model, config.training
    values: dict[str, Value] = {**model.model_dump(), **training.model_dump(exclude={"dataset"})}
    for name in values:
        if not has_setting(model.kind, name):
            values[name] = None
    if model.char_ngrams == 0:
        values["ngram_dropout"] = None
    if training.steps is not None:
        values["epochs"] = None
    values["split_seed"] = training.split_draw
    return values


def settings_that_differ(configs: Sequence[RunConfig]) -> dict[str, tuple[Value, ...]]:
    """The settings in which any of several runs differ, with each run's value, in their order."""
    rows = [effective_settings(config) for config in configs]
    names = rows[0] if rows else {}
    columns = {name: tuple(row[name] for row in rows) for name in names}
    return {name: values for name, values in columns.items() if len(set(values)) > 1}
