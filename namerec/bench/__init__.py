"""How fast the networks train, measured against each other: `python -m namerec bench`."""
