"""Measures what is too slow for every run of the tests: `python -m tests.faults [row ...]`.

Prints a row of a Markdown table for each, with the figures; ends with status 1 if one does not
hold.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults import slow_faults, slow_load
from tests.faults.slow import Row, report

ROWS: tuple[Row, ...] = (*slow_load.ROWS, *slow_faults.ROWS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    known = [row.name for row in ROWS]
    parser.add_argument("row", nargs="*", help=f"which to measure, all if none: {', '.join(known)}")
    wanted = parser.parse_args().row
    if unknown := set(wanted) - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return 0 if report([row for row in ROWS if not wanted or row.name in wanted]) else 1


if __name__ == "__main__":
    sys.exit(main())
