"""The training.

For each batch: the network answers, the loss says how wrong the answers are, the gradient of the
loss is computed backward through all letters, and the optimizer takes a step. After each epoch the
network is evaluated on the validation names, and the run's own scores, from `run_curve.csv`, are
printed beside its scores.
"""

import copy
import csv
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

from namerec.export.program.pieces.chance import GENERATOR
from namerec.export.program.pieces.evaluation import Scores, evaluate
from namerec.export.program.pieces.names import FOLDER, LETTERS, VALIDATION
from namerec.export.program.pieces.network_custom_lstm import model
from namerec.export.program.pieces.optimizer import optimizer
from namerec.export.program.pieces.order import ENDS, batches
from namerec.export.program.pieces.packing import pack
from namerec.export.program.pieces.schedule_one_cycle import share_of_rate
from namerec.export.program.pieces.settings import (
    CLIP_NORM,
    EPOCHS,
    LEARNING_RATE,
    LETTER_DROPOUT,
    PATIENCE,
)


def train_epoch(epoch: int) -> tuple[float, float]:
    """One epoch: its mean loss, and its share of right answers, both measured on the way."""
    model.train()
    losses, right, seen = 0.0, 0, 0
    for step, names in enumerate(batches(epoch), ENDS[epoch - 1]):
        batch = pack([name.text for name in names])
        labels = torch.tensor([name.label for name in names])
        #: if letter_dropout
        unseen = torch.rand(len(batch.letters), generator=GENERATOR) < LETTER_DROPOUT
        batch = batch._replace(letters=batch.letters.masked_fill(unseen, len(LETTERS)))
        #: end
        #: if schedule
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * share_of_rate(step / ENDS[-1])
        #: end
        optimizer.zero_grad()
        answers = model(batch)
        loss = F.nll_loss(answers, labels)
        loss.backward()
        #: if clipped
        nn.utils.clip_grad_norm_(model.parameters(), CLIP_NORM)
        #: end
        optimizer.step()
        if not math.isfinite(loss.item()):
            raise ArithmeticError(f"Training has diverged at step {step + 1:,}.")
        losses += loss.item() * len(names)
        right += int((answers.argmax(dim=1) == labels).sum())
        seen += len(names)
    return losses / seen, right / seen


with (FOLDER / "run_curve.csv").open(encoding="utf-8", newline="") as file:
    RUN_CURVE = [{key: float(row[key]) for key in row} for row in csv.DictReader(file)]
CURVE: list[dict[str, float]] = []  # the same numbers of this training
best, best_epoch, best_weights = Scores(math.inf, -1.0, 0.0), 0, model.state_dict()
begun_at = time.perf_counter()
for epoch in range(1, EPOCHS + 1):
    train_loss, train_accuracy = train_epoch(epoch)
    scores = evaluate(VALIDATION)
    CURVE.append(
        {
            "epoch": epoch,
            "train_loss": train_loss,
            "train_accuracy": train_accuracy,
            "validation_loss": scores.loss,
            "validation_accuracy": scores.accuracy,
            "validation_macro_recall": scores.macro_recall,
        }
    )
    line = f"Epoch {epoch:>3}: training loss {train_loss:.4f}, "
    line += f"validation accuracy {scores.accuracy:.2%}"
    if epoch <= len(RUN_CURVE):
        line += f"; the run's {RUN_CURVE[epoch - 1]['validation_accuracy']:.2%}"
    print(line)
    if (scores.accuracy, -scores.loss) > (best.accuracy, -best.loss):
        best, best_epoch, best_weights = scores, epoch, copy.deepcopy(model.state_dict())
    #: if patience
    if epoch - best_epoch >= PATIENCE:
        break
    #: end
print(f"Trained in {time.perf_counter() - begun_at:.1f} seconds.")
