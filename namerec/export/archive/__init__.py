"""A run as one zip, and such a zip brought in."""
