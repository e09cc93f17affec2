"""The lab whose trainings go no further than the epoch that a file says.

    python -m tests.faults.held_back FILE run dashboard.py ...

starts Streamlit with the arguments after the file.
"""

import sys
from pathlib import Path

from streamlit.web.cli import main

from namerec.jobs import local
from tests.jobs.fakes import HeldBackExecutor


class _AsTheFileSays(HeldBackExecutor):
    def most_epochs(self) -> float:
        return float(_FILE.read_text())


if __name__ == "__main__":
    _FILE = Path(sys.argv.pop(1))
    local.LocalExecutor = _AsTheFileSays  # type: ignore[attr-defined, assignment]
    main(prog_name="streamlit")
