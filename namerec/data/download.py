"""Receiving one small file over HTTP in bounded time, whatever the server does.

A read timeout alone bounds no download: the name look-up has none, each of a server's addresses
gets a new one, and a server that sends a byte now and then never meets it. So the transfer runs in
a thread of its own that touches no file, and the caller waits for its pieces no longer than it
said.
"""

import queue
import threading
import time

import pooch

from namerec.errors import DownloadError

#: Most bytes of one file: fifty times the largest of the tutorial corpus.
MAX_FILE_BYTES = 4 * 2**20
#: Bytes in a piece. A server that needs longer than the allowed silence for one counts as silent.
_PIECE_BYTES = 1024


def receive(url: str, *, silence: float, deadline: float) -> bytes:
    """Downloads a file into memory.

    Args:
        url: Where it lies, http or https.
        silence: Longest wait for the connection, and then for each piece, in seconds.
        deadline: When to give up in any case, on the clock of `time.monotonic`, in seconds.

    Raises:
        DownloadError: If it did not arrive; the message is the reason, a part of a sentence.
    """
    transfer = _Transfer(url, silence)
    received = bytearray()
    try:
        while True:
            left = deadline - time.monotonic()
            try:
                piece = transfer.pieces.get(timeout=max(0.0, min(silence, left)))
            except queue.Empty:
                if left <= silence:
                    raise DownloadError("the server is too slow") from None
                raise DownloadError(f"the server was silent for {silence:g} seconds") from None
            if piece is None:
                return bytes(received)
            if isinstance(piece, Exception):
                raise DownloadError(_reason(piece)) from piece
            received += piece
            if len(received) > MAX_FILE_BYTES:
                raise DownloadError("the server sends more than the file should have")
    finally:
        transfer.abandoned.set()


class _Transfer:
    """A download in a thread: its pieces, then None, or the exception that ended it."""

    def __init__(self, url: str, silence: float) -> None:
        self.pieces: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
        self.abandoned = threading.Event()
        threading.Thread(target=self._run, args=(url, silence), daemon=True).start()

    def write(self, piece: bytes) -> None:
        """Hands a piece on (pooch takes this object for the output file)."""
        if self.abandoned.is_set():
            raise InterruptedError("the download was cancelled")
        self.pieces.put(piece)

    def flush(self) -> None:
        """Has nothing to do: a piece is handed on at once."""

    def _run(self, url: str, silence: float) -> None:
        # pooch does not close the response of a download that failed; the hook makes it known.
        responses = []
        outcome: Exception | None = None
        try:
            pooch.HTTPDownloader(
                chunk_size=_PIECE_BYTES,
                timeout=silence,
                hooks={"response": lambda response, **_: responses.append(response)},
            )(url, self, None)
        except Exception as error:  # noqa: BLE001 - carried to the caller, who raises it
            outcome = error
        for response in responses:
            response.close()
        self.pieces.put(outcome)


def _reason(error: Exception) -> str:
    response = getattr(error, "response", None)
    if response is not None:
        return f"the server answered {response.status_code} {response.reason}".rstrip()
    root: BaseException = error
    while (inner := root.__cause__ or root.__context__) is not None:
        root = inner
    if isinstance(root, TimeoutError):
        return "the server did not answer in time"
    if isinstance(root, OSError) and root.strerror:
        return f"the server could not be reached ({root.strerror})"
    return f"the transfer broke off ({type(root).__name__})"
