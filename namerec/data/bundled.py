"""The bundled corpus: this project's own lists of surnames, there offline on the first launch."""

from pathlib import Path

from namerec.core.corpus.dataset import LabelledName
from namerec.data.folder import read_folder
from namerec.errors import DataError
from namerec.files import ASSETS

FOLDER = ASSETS / "names"


def read_bundled(folder: Path = FOLDER) -> list[LabelledName]:
    """Reads the bundled corpus.

    Raises:
        DataError: If its files are missing or damaged.
    """
    if not folder.is_dir():
        raise DataError(
            f"The bundled corpus is not in “{folder}”. Install namerec again, or run it from a "
            "whole checkout, or give a corpus of your own."
        )
    return read_folder(folder)
