"""Sweeps (Optuna). Optional: only `requirements-cluster.txt` installs what it imports."""
