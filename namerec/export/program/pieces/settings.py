"""Settings.

Everything that decides the results, with the run's values. Change one and train again: the run's
own results are still printed beside the new ones.
"""

import torch

SEED = 0  # of everything random, the initial weights included
THREADS = 1  # as in the run: sums in another order differ in the last digit
HIDDEN_SIZE = 128  # numbers in a hidden state
NUM_LAYERS = 2  # each reads the hidden states of the one below
DROPOUT = 0.3  # share of a layer's hidden states that is set to zero in training
FORGET_BIAS = 1.0  # added to the forget gates' initial biases: keep what was read
LONGEST_NGRAM = 5  # letters in the longest character n-grams
NGRAM_DROPOUT = 0.8  # share of the n-grams whose logits are left out in training
LETTER_DROPOUT = 0.03  # share of the letters that are hidden in training
OPTIMIZER = torch.optim.AdamW
LEARNING_RATE = 0.006  # the peak, if it changes in training
WEIGHT_DECAY = 0.01  # pull of the weights towards zero
CLIP_NORM = 1.0  # largest norm of the gradient: a larger one is scaled down to this
BATCH_SIZE = 128  # names in a step of the optimizer
STEPS = 100_000  # of the optimizer, in all
EPOCHS = 20  # the network is evaluated on the validation names after each
PATIENCE = 5  # epochs without a better one after which training ends
POWER = -1.0  # of a category's size: how its names are weighted when names are drawn

# What the scores are measured on, and the run's scores, 0 to 1, if it is finished.
MEASURED_ON = {"validation": "validation names", "test": "test names"}
RUN_ACCURACY = {"validation": 0.0, "test": 0.0}
RUN_MACRO_RECALL = {"validation": 0.0, "test": 0.0}
