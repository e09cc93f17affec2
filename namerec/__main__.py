"""`python -m namerec`."""

from namerec.cli import main

main()
