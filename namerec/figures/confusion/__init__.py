"""The confusion matrix as a figure, and what can be clicked in it."""
