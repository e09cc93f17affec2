"""The licences of what is installed, as each package states its own."""

from importlib.metadata import Distribution, distributions
from typing import NamedTuple

#: Longest text in the free field that names a licence, and is not one; characters.
_LONGEST_NAME = 60
_CLASSIFIER = "License :: "


class Licence(NamedTuple):
    """An installed package: its version, and its licence or *unknown*."""

    package: str
    version: str
    licence: str


def licences() -> list[Licence]:
    """All installed packages, in the order of their names."""
    found = {Licence(one.name, one.version, _stated(one)) for one in distributions()}
    return sorted(found, key=lambda one: one.package.lower())


def _stated(package: Distribution) -> str:
    """What a package's metadata say: an expression; else classifiers, or the name of a licence."""

    def told(field: str) -> list[str]:
        return package.metadata.get_all(field) or []

    if expressions := told("License-Expression"):
        return expressions[0]
    classifiers = [text for text in told("Classifier") if text.startswith(_CLASSIFIER)]
    names = [text.rpartition(" :: ")[2] for text in classifiers]
    names = [name for name in names if name not in ("OSI Approved", "DFSG approved")]
    free = " ".join("".join(told("License")).split())
    if not names and free not in ("", "UNKNOWN") and len(free) <= _LONGEST_NAME:
        names = [free]
    return ", ".join(names) or "unknown"
