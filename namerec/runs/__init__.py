"""Runs on disk: a folder each, written atomically, read without running anybody's code."""
