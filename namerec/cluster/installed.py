"""Whether what this folder needs is installed."""

from __future__ import annotations

from importlib.util import find_spec

from namerec.errors import ConfigError


def missing() -> str:
    """What to install for sweeps, in a sentence; empty if it is there."""
    if find_spec("optuna") is not None:
        return ""
    return (
        "Sweeps need Optuna, which is not installed. Install it with: pip install -r "
        "requirements-cluster.txt (or: pip install 'namerec[cluster]')"
    )


def ensure_installed() -> None:
    """Refuses sweeps where nothing can search.

    Raises:
        ConfigError: Saying what to install.
    """
    if words := missing():
        raise ConfigError(words)
