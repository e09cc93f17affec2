"""Figures of trainings: curves, several runs, races."""
