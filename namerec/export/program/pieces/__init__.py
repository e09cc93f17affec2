"""The pieces that a run's program is put together from, by `export.program.assembly`.

They are read as text and never imported: each is plain PyTorch that a person reads in a script or
a notebook, and a module of its own here so that the checks of the project see it too. What a piece
imports from another one is there in the program already; its docstring becomes the heading and the
text above it. Between `#: if X`, `#: else` and `#: end` stands what only some runs need.
"""
