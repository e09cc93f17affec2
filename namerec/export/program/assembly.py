"""Puts a program together from the pieces, leaving out what it does not need.

A piece is a module of `namerec.export.program.pieces`, read as text. Its docstring becomes a
heading and the text above the code; between `#: if X and Y`, `#: else` and `#: end` stands what
only some programs need. What a piece imports from other pieces is in the program already; its other
imports are gathered at the top, without those that nothing is left to use of. Settings likewise.

Pieces are no Jinja2 templates, since Ruff, mypy and the tests read a module and cannot read a
template. Which imports and settings a program needs is seen from its code; a template would have to
list them by hand.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

#: The piece whose values are the run's; the first of every program.
SETTINGS = "settings"
_PIECES = Path(__file__).resolve().parent / "pieces"
_PACKAGE = "namerec"
#: Width of a comment, characters.
_WIDTH = 96


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a program.

    Attributes:
        name: The piece's.
        title: Its heading.
        text: What there is to say above the code, paragraphs with blank lines between.
        code: Python.
    """

    name: str
    title: str
    text: str
    code: str


@dataclass(frozen=True, slots=True)
class Program:
    """A program in parts."""

    imports: str
    sections: tuple[Section, ...]


class _Import(NamedTuple):
    """One imported name: `import MODULE`, `import MODULE as ALIAS` or `from MODULE import NAME`."""

    module: str
    name: str = ""
    alias: str = ""


class _Piece(NamedTuple):
    section: Section
    imports: Mapping[str, _Import]  # by the name in the code


def assemble(
    names: Sequence[str], needs: Mapping[str, bool], settings: Mapping[str, str]
) -> Program:
    """Puts pieces together.

    Args:
        names: The pieces', in order; the first is `SETTINGS`.
        needs: Whether the program needs what stands behind `#: if`.
        settings: The run's value of every name in the settings, as a Python expression.

    Raises:
        KeyError: If the settings lack a value that the program uses, or a piece asks for what
            `needs` does not know.
    """
    first, *others = (_piece(name, needs) for name in names)
    used = _names_in("\n".join(piece.section.code for piece in others))
    set_up = _with_values(first.section, settings, used)
    used |= _names_in(set_up.code)
    imports = {
        imported
        for piece in (first, *others)
        for name, imported in piece.imports.items()
        if name in used
    }
    return Program(_import_lines(imports), (set_up, *(piece.section for piece in others)))


def as_comment(text: str) -> str:
    """Text as comment lines."""
    return "\n".join(f"# {line}".rstrip() for line in text.splitlines())


def heading(section: Section) -> str:
    """A section's title and text as comment lines below a rule."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in section.text.split("\n\n")]
    text = "\n\n".join(textwrap.fill(paragraph, _WIDTH) for paragraph in paragraphs)
    return as_comment(f"{'-' * _WIDTH}\n{section.title}\n\n{text}".rstrip())


def _piece(name: str, needs: Mapping[str, bool]) -> _Piece:
    source = (_PIECES / f"{name}.py").read_text(encoding="utf-8")
    kept = _resolved(source.splitlines(), needs)
    tree = ast.parse("\n".join(kept))
    title, _, text = inspect.cleandoc(ast.get_docstring(tree) or "").partition("\n")
    dropped, imports = tree.body[:1], dict[str, _Import]()
    for statement in tree.body:
        if isinstance(statement, ast.Import | ast.ImportFrom):
            dropped.append(statement)
            imports |= _imported(statement)
    gone = {
        line
        for statement in dropped
        for line in range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    }
    code = "\n".join(line for number, line in enumerate(kept, 1) if number not in gone)
    return _Piece(Section(name, title.rstrip("."), text.strip(), code.strip("\n")), imports)


def _imported(statement: ast.Import | ast.ImportFrom) -> dict[str, _Import]:
    """What a statement imports from outside of the project, by its name in the code."""
    if isinstance(statement, ast.Import):
        return {
            each.asname or each.name: _Import(each.name, alias=each.asname or "")
            for each in statement.names
        }
    module = statement.module or ""
    if module.partition(".")[0] == _PACKAGE:
        return {}
    return {each.name: _Import(module, each.name) for each in statement.names}


def _resolved(lines: Iterable[str], needs: Mapping[str, bool]) -> list[str]:
    """The lines that are needed, without the marks that say so."""
    kept: list[str] = []
    blocks: list[bool] = []  # those that are open here, and whether each is needed
    for line in lines:
        mark = line.strip()
        if mark.startswith("#: if "):
            conditions = mark.removeprefix("#: if ").split(" and ")
            blocks.append(
                all(
                    needs[condition.removeprefix("not ")] != condition.startswith("not ")
                    for condition in conditions
                )
            )
        elif mark == "#: else":
            blocks[-1] = not blocks[-1]
        elif mark == "#: end":
            blocks.pop()
        elif all(blocks):
            kept.append(line)
    return kept


def _names_in(code: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}


def _with_values(section: Section, settings: Mapping[str, str], used: AbstractSet[str]) -> Section:
    """The settings that are used, with the run's values."""
    lines = []
    for line in section.code.splitlines():
        name, equals, rest = line.partition(" = ")
        if not equals:
            lines.append(line)
        elif name in used:
            _, comment, words = rest.partition("  # ")
            lines.append(f"{name} = {settings[name]}{comment}{words}")
    return replace(section, code="\n".join(lines))


def _import_lines(imports: AbstractSet[_Import]) -> str:
    """Imports as they are usually written: Python's own first, sorted; names of a module in one."""
    modules: dict[str, str] = {}  # by line
    for one in imports:
        if not one.name:
            modules[f"import {one.module}" + f" as {one.alias}" * bool(one.alias)] = one.module
    for module in {one.module for one in imports if one.name}:
        names = sorted(
            one.name for one in imports if (one.module, bool(one.name)) == (module, True)
        )
        modules[f"from {module} import {', '.join(names)}"] = module
    # As sorted by the usual tools: whole modules before names out of them, both by the module.
    in_order = sorted(modules, key=lambda line: (line.startswith("from"), modules[line]))
    blocks = (
        [line for line in in_order if _is_pythons_own(modules[line]) == own]
        for own in (True, False)
    )
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _is_pythons_own(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names
