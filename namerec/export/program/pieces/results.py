"""The results.

The network of the best epoch, on the validation names that chose it and on the test names. The
numbers are the run's up to rounding: sums in another order differ in the last digits, and training
makes small differences larger, step by step.
"""

from namerec.export.program.pieces.evaluation import evaluate
from namerec.export.program.pieces.names import TEST, VALIDATION
from namerec.export.program.pieces.network_custom_lstm import model
from namerec.export.program.pieces.settings import MEASURED_ON, RUN_ACCURACY, RUN_MACRO_RECALL
from namerec.export.program.pieces.training import CURVE, RUN_CURVE, best_epoch, best_weights

model.load_state_dict(best_weights)
RESULTS = {"validation": evaluate(VALIDATION), "test": evaluate(TEST)}
print(f"Best epoch: {best_epoch}")
for part, scores in RESULTS.items():
    print(f"Measured on {MEASURED_ON[part]}:")
    #: if finished
    print(f"  accuracy     {scores.accuracy:.2%}; the run's {RUN_ACCURACY[part]:.2%}")
    print(f"  macro recall {scores.macro_recall:.2%}; the run's {RUN_MACRO_RECALL[part]:.2%}")
    #: else
    print(f"  accuracy     {scores.accuracy:.2%}")
    print(f"  macro recall {scores.macro_recall:.2%}")
    #: end
differences = [
    abs(own["validation_accuracy"] - of_run["validation_accuracy"])
    for own, of_run in zip(CURVE, RUN_CURVE, strict=False)
]
if differences:
    largest = 100 * max(differences)
    print(f"Largest difference from the run's validation accuracy: {largest:.2f} points")
