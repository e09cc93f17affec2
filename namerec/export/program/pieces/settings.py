"""Settings.

All that decides the numbers, as the run had it. Change one and train again: what the program prints
beside its own numbers stays the run's.
"""

import torch

SEED = 0  # of all that is random, from the first weights on
THREADS = 1  # as in the run: sums in another order differ in the last digit
HIDDEN_SIZE = 128  # numbers in a hidden state
NUM_LAYERS = 2  # each reads the hidden states of the one below
DROPOUT = 0.3  # share of a layer's hidden states that is set to zero in training
FORGET_BIAS = 1.0  # added to the forget gates' first biases: begin by keeping what was read
LONGEST_NGRAM = 5  # letters in the longest character n-grams
NGRAM_DROPOUT = 0.8  # share of the n-grams whose logits are left out in training
LETTER_DROPOUT = 0.03  # share of the letters that are not shown in training
OPTIMIZER = torch.optim.AdamW
LEARNING_RATE = 0.006  # the largest of the training, if it changes
WEIGHT_DECAY = 0.01  # pull of the weights towards zero
CLIP_NORM = 1.0  # longest gradient that is followed: a longer one is shortened to this
BATCH_SIZE = 128  # names in a step of the optimizer
STEPS = 100_000  # of the optimizer, in all
EPOCHS = 20  # how often the network is tested on the validation names
PATIENCE = 5  # epochs without a better one after which training ends
POWER = -1.0  # of a category's size: how its names are weighted when names are drawn

# What the scores are measured on, and the run's own ones, 0 to 1, if it has finished.
MEASURED_ON = {"validation": "validation names", "test": "test names"}
RUN_ACCURACY = {"validation": 0.0, "test": 0.0}
RUN_MACRO_RECALL = {"validation": 0.0, "test": 0.0}
