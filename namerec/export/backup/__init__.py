"""The data folder as one file, and such a file brought back."""
