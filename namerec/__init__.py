"""namerec, the Name Recognition Lab: see how a recurrent network reads a surname."""

__version__ = "0.1.0"
