"""Measures what is too slow for every run of the tests: `python -m tests.faults [row ...]`.

Prints a row of a Markdown table for each, with the figures; ends with status 1 if one does not
hold. `soak` takes an hour and is measured only if it is named; `--minutes` makes it shorter.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults import slow_faults, slow_load, slow_soak
from tests.faults.slow import Row, report

ROWS: tuple[Row, ...] = (*slow_load.ROWS, *slow_faults.ROWS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    known = [*(row.name for row in ROWS), slow_soak.NAME]
    parser.add_argument("row", nargs="*", help=f"which to measure, all if none: {', '.join(known)}")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long `soak` takes")
    given = parser.parse_args()
    wanted = given.row
    if unknown := set(wanted) - set(known):
        parser.error(f"there is no row {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    rows = [row for row in ROWS if not wanted or row.name in wanted]
    rows += [slow_soak.row(given.minutes)] if slow_soak.NAME in wanted else []
    return 0 if report(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
