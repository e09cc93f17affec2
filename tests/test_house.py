"""What import-linter cannot see of the layers: single files outside of the packages."""

import ast

from tests.conftest import ROOT


def imported_by(path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    froms = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return names | {node.module or "" for node in froms}


def test_the_dashboard_is_a_frame_and_nothing_else():
    assert imported_by(ROOT / "dashboard.py") == {
        "streamlit", "namerec.ui.frame.shell", "namerec.ui.server.api"
    }  # fmt: skip


def test_every_requirement_is_pinned_exactly():
    for file in ("requirements.txt", "tests/requirements.txt"):
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert "==" in line, line


def test_the_app_starts_without_torch_at_the_first_page():
    """The start page paints at once: nothing it imports brings torch along."""
    import subprocess
    import sys

    modules = "namerec.ui.frame.shell, namerec.ui.start.panels"
    code = f"import sys; import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
