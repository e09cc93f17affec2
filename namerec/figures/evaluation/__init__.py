"""Figures of how good answers are: confidence, priors, the quiz."""
