"""Presets of one's own: settings with a title, in one file of the data folder."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, TypeAdapter, ValidationError

from namerec.core.training.config import RunConfig
from namerec.disk import read_at_most, write_whole
from namerec.errors import RunError
from namerec.settings import home
from namerec.text import shown

#: Most presets that are kept, and the longest title of one.
MOST, LONGEST_TITLE = 100, 60
#: Largest file that is read, bytes; so many presets take a tenth of it.
_MOST_BYTES = 1024 * 1024

_Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE)]
_PRESETS = TypeAdapter(dict[_Title, RunConfig])


def own_presets() -> dict[str, RunConfig]:
    """All of them by title, the one kept last at the end.

    Raises:
        RunError: If the file is damaged.
    """
    path = home() / "presets.json"
    try:
        content = read_at_most(path, _MOST_BYTES)
        return _PRESETS.validate_json(content or b"")
    except FileNotFoundError:
        return {}
    except (OSError, ValidationError):
        raise RunError(
            f"Your presets cannot be read: {path} is damaged. Put it back from a copy, or "
            "delete it."
        ) from None


def keep_preset(title: str, config: RunConfig) -> None:
    """Keeps settings under a title; what had that title is replaced.

    Raises:
        RunError: If the title is none, there are too many, or the file cannot be written.
    """
    title = " ".join(title.split())
    if not 0 < len(title) <= LONGEST_TITLE or not title.isprintable():
        raise RunError(
            f"A preset cannot be called “{shown(title)}”. Give it a title of 1 to {LONGEST_TITLE} "
            "letters."
        )
    kept = {name: old for name, old in own_presets().items() if name != title}
    if len(kept) >= MOST:
        raise RunError(f"{MOST} presets are kept, which is the most. Remove one first.")
    _write(kept | {title: config})


def remove_preset(title: str) -> None:
    """Removes one, if it is there.

    Raises:
        RunError: If the file is damaged or cannot be written.
    """
    _write({name: config for name, config in own_presets().items() if name != title})


def _write(presets: dict[str, RunConfig]) -> None:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "presets.json", _PRESETS.dump_json(presets, indent=2) + b"\n")
    except OSError as error:
        raise RunError(
            f"The preset cannot be stored in {folder}: {error.strerror}. Free some space."
        ) from None
