"""How good answers are: scores, matrices, calibration, priors, baselines."""
