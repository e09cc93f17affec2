"""The pages of the lab: layout only."""
