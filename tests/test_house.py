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


def private_names(path) -> list[str]:
    """What a file imports, reads, sets or patches that begins with an underscore."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("namerec"):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls"):
            found.append(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr"):
            given = [part.value for part in node.args[:2] if isinstance(part, ast.Constant)]
            found += [str(name).rpartition(".")[2] for name in given]
    return [name for name in found if name.startswith("_") and not name.startswith("__")]


def test_tests_reach_for_nothing_private():
    """A test that sets a private name passes for the wrong reason once that is renamed."""
    known = {"_asdict", "_fields", "_replace"}  # of named tuples
    for path in (ROOT / "tests").rglob("test_*.py"):
        if path.name != "test_address.py":  # holds Streamlit's own messages back
            assert set(private_names(path)) <= known, path


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
