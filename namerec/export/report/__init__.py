"""A report on runs, as HTML and as Markdown."""
