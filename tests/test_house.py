"""What import-linter cannot see of the layers: single files outside of the packages."""

import ast
import re
import tomllib

from tests.conftest import ROOT

PINNED = ("requirements.txt", "requirements-cluster.txt", "tests/requirements.txt")


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


def test_no_page_is_given_up_after_three_seconds():
    """AppTest's own limit, which a busy machine passes now and then."""
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(r"AppTest\.\w+", ast.unparse(node.func)):
                assert "default_timeout" in [given.arg for given in node.keywords], path


def test_the_dashboard_is_a_frame_and_nothing_else():
    assert imported_by(ROOT / "dashboard.py") == {
        "streamlit", "namerec.ui.frame.shell", "namerec.ui.server.parts"
    }  # fmt: skip


def test_every_requirement_is_pinned_exactly():
    for file in PINNED:
        for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith(("#", "-r")):
                assert line.count("==") == 1, line


def pins() -> dict[str, str]:
    """What is required by name, and the version of it."""
    lines = [line for file in PINNED for line in (ROOT / file).read_text("utf-8").splitlines()]
    named = [line for line in lines if line and not line.startswith(("#", "-r"))]
    return dict(line.split("==") for line in named)


def test_the_lock_has_every_pin_and_a_hash_of_each_thing_beneath():
    """Where it fails, the command at the lock's top makes it anew."""
    text = (ROOT / "requirements.lock").read_text("utf-8")
    entries = re.findall(r"^([\w-]+)==(\S+)(.+(?:\n .+)*)", text, re.MULTILINE)
    assert len(entries) == len(re.findall(r"^[^\s#]", text, re.MULTILINE))
    for name, _, rest in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", rest), name
    locked = {(name, version) for name, version, _ in entries}
    assert pins().items() <= locked
    builders = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"][
        "requires"
    ]
    assert {tuple(builder.split("==")) for builder in builders} <= locked
    assert f"\ntorch=={pins()['torch']}+cpu --hash" in (ROOT / "torch-cpu.lock").read_text("utf-8")


def test_the_app_starts_without_torch_at_the_first_page():
    """The start page paints at once: nothing it imports brings torch along."""
    import subprocess
    import sys

    modules = "namerec.ui.frame.shell, namerec.ui.start.panels"
    code = f"import sys; import {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
