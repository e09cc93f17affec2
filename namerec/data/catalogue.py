"""One way to every corpus: by its short name, or by a path to a folder or table of your own.

Those uploaded and kept have a short name too: `own:` and an id.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from namerec.core.corpus.dataset import Dataset
from namerec.core.tasks import memory_task
from namerec.data import bundled, mapped, tutorial
from namerec.data.folder import folder_lines, read_folder, text_files
from namerec.data.kept import PREFIX, OwnCorpus
from namerec.data.own import OwnCorpora
from namerec.data.table import read_table, table_lines
from namerec.data.text import MAX_BYTES
from namerec.errors import DataError
from namerec.settings import names_folder
from namerec.text import shown

BUNDLED = "bundled"
TUTORIAL = "tutorial"
#: Longest path, in code points: Linux's own limit, and what a run's settings hold.
_MAX_PATH = 4096


@dataclass(frozen=True, slots=True)
class CorpusInfo:
    """A corpus that has a short name.

    Attributes:
        reference: What `load` takes.
        title: What screens call it.
        description: What it is, in a sentence.
        installed: Whether it can be loaded now.
        where: Its folder on this computer, or where the folder will be.
    """

    reference: str
    title: str
    description: str
    installed: bool
    where: str


def available() -> list[CorpusInfo]:
    """The corpora with a short name, those that are not installed yet among them.

    Kept uploads come last, the newest first; damaged ones are only in `OwnCorpora.entries`.
    """
    kept = OwnCorpora()
    own = names_folder()
    return [
        CorpusInfo(
            reference=BUNDLED,
            title="bundled corpus",
            description="18 languages, this project's own lists of surnames. No name is listed "
            "twice in a language.",
            installed=bundled.FOLDER.is_dir(),
            where=str(bundled.FOLDER),
        ),
        CorpusInfo(
            reference=TUTORIAL,
            title="tutorial corpus",
            description="18 languages, 20,050 lines: the corpus of the classic PyTorch name "
            "tutorial. Half of it is Russian, and many names are in it more than once.",
            installed=tutorial.installed() is not None,
            where=str(own or tutorial.download_folder()),
        ),
        *(
            CorpusInfo(
                reference=corpus.reference,
                title=corpus.title,
                description=f"{len(corpus.categories)} categories, {corpus.names:,} lines: your "
                f"own, stored since {corpus.kept.astimezone():%Y-%m-%d %H:%M}.",
                installed=True,
                where=str(kept.where(corpus)),
            )
            for corpus in kept.entries()
            if isinstance(corpus, OwnCorpus)
        ),
    ]


def load(reference: str, progress: Callable[[int], None] = lambda _: None) -> Dataset:
    """Reads a corpus and encodes it.

    Args:
        reference: “bundled”, “tutorial”, “own:” and the id of a kept upload, or the path of a
            folder of text files or of a CSV or TSV file. A folder of your own that is called
            “tutorial” is “./tutorial”. “memory-task:” and a number stands for the memory task with
            so many letters of noise (`core.tasks.memory_task`), which is made, not read.
        progress: Told how many lines of a corpus over `MAX_BYTES` have been encoded, see `mapped`.

    Raises:
        DataError: If there is no such corpus, or it cannot be read as names with categories.
    """
    if reference == BUNDLED:
        return Dataset.build("bundled corpus", bundled.read_bundled())
    if reference == TUTORIAL:
        folder = tutorial.corpus_folder()
        # A folder that the user brings may hold anything: what is not the corpus is not called so.
        original = tutorial.is_original(folder)
        title = "tutorial corpus" if original else "tutorial corpus (changed copy)"
        return Dataset.build(title, read_folder(folder))
    if reference.startswith(PREFIX):
        return OwnCorpora().load(reference.removeprefix(PREFIX))
    if memory_task.is_memory_task(reference):
        return memory_task.memory_dataset(memory_task.noise_of(reference))
    path, is_folder = _existing(reference)
    title = shown(Path(os.path.abspath(path)).name or str(path))
    files = text_files(path) if is_folder else [path]
    if sum(file.stat().st_size for file in files if file.is_file()) > MAX_BYTES:
        read = folder_lines if is_folder else table_lines
        return mapped.load(title, files, partial(read, path), progress)
    return Dataset.build(title, read_folder(path) if is_folder else read_table(path))


def _existing(reference: str) -> tuple[Path, bool]:
    """The path that a reference names, and whether it is a folder."""
    allowed = (
        "Allowed are “bundled”, “tutorial”, “own:” and the id of a kept upload, a folder with "
        "one text file a category, or a CSV or TSV file with a name and a category column."
    )
    if not reference.strip():
        raise DataError(f"No dataset was given. {allowed}")
    if len(reference) > _MAX_PATH:
        raise DataError(
            f"The dataset “{shown(reference)}” has {len(reference):,} characters, more than a path "
            f"can have. {allowed}"
        )
    try:
        path = Path(os.path.expanduser(reference))
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:  # ValueError: a NUL, or what no file name can hold
        raise DataError(f"There is no dataset “{shown(reference)}”. {allowed}") from error
    if not stat.S_ISDIR(mode) and not stat.S_ISREG(mode):
        raise DataError(f"“{shown(reference)}” is neither a folder nor a file. {allowed}")
    return path, stat.S_ISDIR(mode)


def stamp(reference: str) -> str:
    """Changes whenever the files behind a reference do; for those who keep what `load` gave.

    Raises:
        DataError: If a path or a kept upload given as reference is not there.
    """
    if reference == BUNDLED or memory_task.is_memory_task(reference):
        return ""
    if reference.startswith(PREFIX):
        return OwnCorpora().stamp(reference.removeprefix(PREFIX))
    if reference == TUTORIAL:
        path, is_folder = tutorial.corpus_folder(), True
    else:
        path, is_folder = _existing(reference)
    files = sorted(path.iterdir()) if is_folder else [path]
    return ";".join(f"{file.name}:{file.stat().st_mtime_ns}" for file in files if file.is_file())
