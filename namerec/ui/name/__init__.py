"""The Name page."""
