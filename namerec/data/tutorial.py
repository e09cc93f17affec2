"""The corpus of the classic PyTorch name tutorial, downloaded on request, file by file.

Source: https://github.com/spro/practical-pytorch, folder `data/names`, MIT licence.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pooch

from namerec.data.download import receive
from namerec.disk import is_debris
from namerec.errors import DataError, DownloadError
from namerec.settings import cache_home, names_folder

BASE_URL = (
    "https://raw.githubusercontent.com/spro/practical-pytorch/"
    "c520c52e68e945d88fff563dba1c028b6ec0197b/data/names"
)
#: SHA-256 of each `<Language>.txt` of that commit.
HASHES = {
    "Arabic": "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc",
    "Chinese": "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465",
    "Czech": "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7",
    "Dutch": "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3",
    "English": "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2",
    "French": "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95",
    "German": "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db",
    "Greek": "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6",
    "Irish": "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058",
    "Italian": "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4",
    "Japanese": "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f",
    "Korean": "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136",
    "Polish": "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826",
    "Portuguese": "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53",
    "Russian": "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c",
    "Scottish": "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd",
    "Spanish": "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7",
    "Vietnamese": "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d",
}

#: Longest wait for any sign of the server, in seconds: nobody watches a still page for longer.
SILENCE = 8.0
#: Longest download of all files, in seconds: thirty times what it takes on an ordinary line.
LIMIT = 120.0

_BRING_YOUR_OWN = (
    "provide the files yourself: set NAMEREC_NAMES_DIR to a folder that holds them, or give "
    "--dataset PATH"
)


def fetch(
    progress: Callable[[int, int], None] | None = None,
    *,
    base_url: str = BASE_URL,
    folder: Path | None = None,
    hashes: Mapping[str, str] = HASHES,
    silence: float = SILENCE,
    limit: float = LIMIT,
) -> Path:
    """Downloads what is missing or damaged of the corpus; asks for nothing that is there.

    A file gets its name only when it is whole and its hash fits. Files that arrived before a
    failure stay and are not asked for again.

    Args:
        progress: Called with files done and files in all, first with 0 done.
        base_url: Where the files lie.
        folder: Where they go, or None for the user's cache, or for the folder that the
            environment variable NAMEREC_NAMES_DIR names, which then replaces the download.
        hashes: SHA-256 by language.
        silence: Longest wait for any sign of the server, in seconds.
        limit: Longest download of all files, in seconds.

    Returns:
        The folder with the corpus.

    Raises:
        DownloadError: If a file could not be fetched or kept; nothing unfinished is left behind.
        DataError: If NAMEREC_NAMES_DIR names no folder.
    """
    report = progress or (lambda _done, _files: None)
    if folder is None and names_folder() is not None:
        report(len(hashes), len(hashes))
        return corpus_folder()
    target = download_folder() if folder is None else folder
    deadline = time.monotonic() + limit
    was_there = target.exists()
    # pooch tells every download on stderr, where the progress is already told.
    pooch.get_logger().setLevel(logging.WARNING)
    sweep(target)

    def store(url: str, output_file: str, _pooch: object) -> None:
        content = receive(url, silence=silence, deadline=deadline)
        Path(output_file).write_bytes(content)

    report(0, len(hashes))
    for done, (language, sha256) in enumerate(hashes.items(), start=1):
        file_name = f"{language}.txt"
        try:
            pooch.retrieve(
                f"{base_url.rstrip('/')}/{file_name}",
                known_hash=f"sha256:{sha256}",
                fname=file_name,
                path=target,
                downloader=store,
            )
        except (DownloadError, ValueError, OSError) as error:
            if not was_there:
                with contextlib.suppress(OSError):
                    target.rmdir()  # succeeds only on an empty folder
            kept = f"; the {done - 1} of {len(hashes)} files before it are whole and stay"
            raise DownloadError(
                f"The tutorial corpus could not be downloaded: {_reason(error)} ({file_name} from "
                f"{base_url}). Nothing unfinished was left behind{kept if done > 1 else ''}. Try "
                f"again, or {_BRING_YOUR_OWN}."
            ) from error
        report(done, len(hashes))
    return target


def installed(folder: Path | None = None, hashes: Mapping[str, str] = HASHES) -> Path | None:
    """The folder with the corpus, or None if it is not there, not whole or damaged.

    Args:
        folder: Where to look, or None for where `fetch` puts it. A folder that NAMEREC_NAMES_DIR
            names only has to be there: its files are the user's own.
        hashes: SHA-256 by language.
    """
    own = names_folder()
    if folder is None and own is not None:
        return own if own.is_dir() else None
    target = download_folder() if folder is None else folder
    return target if is_original(target, hashes) else None


def corpus_folder() -> Path:
    """The folder with the corpus.

    Raises:
        DataError: If it is not there; says how to get it.
    """
    folder = installed()
    if folder is not None:
        return folder
    own = names_folder()
    if own is not None:
        raise DataError(
            f"NAMEREC_NAMES_DIR is set to “{own}”, which is not a folder. Set it to the folder "
            "that holds the files of the tutorial corpus, or unset it."
        )
    raise DataError(
        "The tutorial corpus is not on this computer yet, or is incomplete. Download it with "
        "“python -m namerec data download” or with the button on the Dataset page, or set "
        "NAMEREC_NAMES_DIR to a folder that holds its files."
    )


def is_original(folder: Path, hashes: Mapping[str, str] = HASHES) -> bool:
    """Whether a folder holds every file of the corpus, byte for byte."""
    try:
        return all(
            pooch.file_hash(str(folder / f"{language}.txt"), alg="sha256") == sha256
            for language, sha256 in hashes.items()
        )
    except OSError:
        return False


def download_folder() -> Path:
    """Where the download goes."""
    return cache_home() / "tutorial"


def _reason(error: Exception) -> str:
    if isinstance(error, DownloadError):
        return str(error)
    if isinstance(error, OSError):
        return f"the file cannot be stored ({error.strerror or type(error).__name__})"
    # The one ValueError that pooch raises here is that of a hash that does not fit.
    return "the file received is not the right one (its SHA-256 differs)"


def sweep(folder: Path) -> None:
    """Removes temporary files of downloads that were killed (pooch names them tmp...)."""
    with contextlib.suppress(OSError):
        for path in folder.glob("tmp*"):
            if is_debris(path):
                path.unlink(missing_ok=True)
