"""Figures of what networks remember: gradients, gates, the memory task."""
