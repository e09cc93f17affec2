"""The curves.

Those of this training beside the run's, drawn if matplotlib is installed; the numbers are those
printed above.
"""

from importlib.util import find_spec

from namerec.export.program.pieces.training import CURVE, RUN_CURVE

if find_spec("matplotlib"):
    import matplotlib.pyplot as plt

    figure, both = plt.subplots(1, 2, figsize=(11, 4))
    for axes, key, words in (
        (both[0], "train_loss", "training loss (nats)"),
        (both[1], "validation_accuracy", "validation accuracy (0 to 1)"),
    ):
        for curve, style, label in ((RUN_CURVE, "-", "the run"), (CURVE, "--", "this notebook")):
            epochs = [row["epoch"] for row in curve]
            axes.plot(epochs, [row[key] for row in curve], style, label=label)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.set_xlabel("epoch")
        axes.set_ylabel(words)
        axes.legend()
    plt.show()
