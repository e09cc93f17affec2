"""A sweep: how it goes on, and what its settings are worth."""
