"""Figures of a corpus: what it holds, category by category."""
