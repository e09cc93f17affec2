"""Pure numerics: torch, numpy, scikit-learn. No files, no threads, no screen."""
