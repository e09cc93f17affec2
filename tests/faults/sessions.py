"""A browser session without a browser: it speaks Streamlit's own WebSocket protocol.

It asks for reruns, keeps the page as the browser would (elements by their place, widget values,
the query string, the timers of live fragments), and knows when a rerun has ended. It paints
nothing, so the time it measures is the server's and the wire's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from streamlit.web.server.starlette.starlette_server_config import XSRF_COOKIE_NAME
from websockets.sync.client import connect
from websockets.typing import Subprotocol

#: Seconds after which a rerun counts as hung.
LIMIT = 60.0
#: What a widget's value is called in the protocol.
_VALUE_FIELDS = {
    "number_input": "double_value",
    "text_input": "string_value",
    "selectbox": "string_value",
    "button_group": "string_array_value",
}
#: Fields of elements that hold words people read.
_WORDS = ("label", "body", "message", "title", "text")


class Session:
    """One tab; as a context it closes at the end."""

    def __init__(self, url: str, resume: str | None = None) -> None:
        """Connects; nothing runs until a page is opened.

        Args:
            url: The server's, "http://…".
            resume: Id of a session that lost its connection and is to be gone on with.
        """
        # The header that names subprotocols carries a token and the session to go on with, too.
        named = ["streamlit", "no-token", *([resume] if resume else [])]
        self._socket = connect(
            f"{url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol(name) for name in named],
            compression=None,
            max_size=None,
            proxy=None,
            ping_interval=None,
            open_timeout=LIMIT,
            legacy=True,
        )
        self._url = url
        self.id = ""
        self.page = ""
        self.query = ""
        #: Seconds between two looks, for each fragment that redraws itself.
        self.live: dict[str, float] = {}
        self._page_hash = ""
        self._drawn: dict[tuple[int, ...], tuple[str, Element]] = {}
        self._values: dict[str, WidgetState] = {}
        #: Why there is no page; said once the rerun has ended, so that no message is left over.
        self._lost = ""

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection, as a closed tab does."""
        self._socket.close()

    # -- what a person does

    def open(self, page: str, **query: str) -> float:
        """Goes to a page.

        Args:
            page: Its path, "" for the start page.
            query: What its address holds.

        Returns:
            Seconds until its script had ended.
        """
        self.page, self.query = page, urlencode(query)
        self._page_hash = ""  # until the server has found the page of this name
        self._values.clear()
        return self.rerun()

    def enter(self, label: str, value: Any) -> float:
        """Gives the widget of this label a value; returns the seconds of the rerun."""
        kind, widget = self._widget(label)
        state = WidgetState(id=widget.id)
        if kind == "button_group":
            state.string_array_value.data[:] = [value]
        else:
            setattr(state, _VALUE_FIELDS[kind], value)
        self._values[widget.id] = state
        return self.rerun()

    def press(self, label: str, key: str = "") -> float:
        """Presses the button of this label, and with this in its key; returns the seconds."""
        _, widget = self._widget(label, key)
        return self.rerun(WidgetState(id=widget.id, trigger_value=True))

    def upload(self, label: str, name: str, content: bytes) -> float:
        """Gives a file to the uploader of this label; returns the seconds of the rerun."""
        _, widget = self._widget(label)
        asked = BackMsg()
        asked.file_urls_request.request_id = name
        asked.file_urls_request.file_names.append(name)
        asked.file_urls_request.session_id = self.id
        self._socket.send(asked.SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "file_urls_response":
            data = self._socket.recv(timeout=LIMIT)
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
        (urls,) = message.file_urls_response.file_urls
        token = generate_xsrf_token_string()
        head = f'--x\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'
        headers = {
            "Content-Type": "multipart/form-data; boundary=x",
            "X-Xsrftoken": token,
            "Cookie": f"{XSRF_COOKIE_NAME}={token}",
        }
        body = head.encode() + content + b"\r\n--x--\r\n"
        sent = Request(f"{self._url}{urls.upload_url}", body, headers, method="PUT")
        with urlopen(sent, timeout=LIMIT) as answer:
            assert answer.status == 204
        state = WidgetState(id=widget.id)
        file = state.file_uploader_state_value.uploaded_file_info.add()
        file.name, file.size, file.file_id = name, len(content), urls.file_id
        file.file_urls.CopyFrom(urls)
        self._values[widget.id] = state
        return self.rerun()

    def look(self) -> None:
        """Redraws what redraws itself, as the browser's timers have it done."""
        for fragment in list(self.live):
            if fragment in self.live:  # still, after the ones before it
                self.rerun(fragment=fragment)

    def look_until(self, condition: Callable[[Session], bool], seconds: float = LIMIT) -> float:
        """Looks again and again, as often as the page says, until a condition holds.

        Returns:
            Seconds it took.

        Raises:
            AssertionError: If it does not hold in time, with the words on the page.
        """
        started = time.monotonic()
        while not condition(self):
            past = time.monotonic() - started
            assert past < seconds, f"Not seen in {seconds:.0f} s on the page: {self.words()}"
            time.sleep(min(self.live.values(), default=1.0))
            if self.live:
                self.look()
            else:
                self.rerun()
        return time.monotonic() - started

    def rerun(self, *pressed: WidgetState, fragment: str = "") -> float:
        """Runs the page's script again, or one of its fragments.

        Returns:
            Seconds from asking for it to its end.

        Raises:
            TimeoutError: If it does not end.
        """
        asked = BackMsg()
        state = asked.rerun_script
        state.page_name = "" if self._page_hash else self.page
        state.page_script_hash, state.query_string = self._page_hash, self.query
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        state.widget_states.widgets.extend([*self._values.values(), *pressed])
        state.context_info.url = f"{self._url}/{self.page}"
        state.context_info.color_scheme = "light"
        started = time.monotonic()
        self._socket.send(asked.SerializeToString())
        for message in self._messages(started + LIMIT):
            self._take_in(message)
        seconds = time.monotonic() - started
        assert not self._lost, self._lost
        return seconds

    # -- what is on the page

    def elements(self) -> list[Element]:
        """What is drawn, in the order of the places."""
        return [element for _, (_, element) in sorted(self._drawn.items())]

    def words(self) -> str:
        """What can be read on the page: titles, labels, texts and messages, a line each."""
        lines = []
        for element in self.elements():
            shown = _content(element)
            if shown is not None:
                lines += [getattr(shown, field) for field in _WORDS if _has(shown, field)]
        return "\n".join(line for line in lines if line)

    def failures(self) -> list[str]:
        """Every exception and every error message on the page."""
        found = []
        for element in self.elements():
            if element.WhichOneof("type") == "exception":
                found.append(f"{element.exception.type}: {element.exception.message}")
            elif element.WhichOneof("type") == "alert" and element.alert.format == Alert.ERROR:
                found.append(element.alert.body)
        return found

    def _widget(self, label: str, key: str = "") -> tuple[str, Any]:
        for element in self.elements():
            shown = _content(element)
            labelled = shown is not None and getattr(shown, "label", None) == label
            if labelled and _has(shown, "id") and key in shown.id:
                return str(element.WhichOneof("type")), shown
        raise AssertionError(f"There is no “{label}” on the page: {self.words()}")

    # -- what the server says

    def _messages(self, deadline: float) -> Iterator[ForwardMsg]:
        """The messages of a rerun, its end excluded; one that reruns itself is read on."""
        while True:
            data = self._socket.recv(timeout=max(0.0, deadline - time.monotonic()))
            assert isinstance(data, bytes)
            message = ForwardMsg.FromString(data)
            if message.WhichOneof("type") != "script_finished":
                yield message
            elif message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                assert message.script_finished != ForwardMsg.FINISHED_WITH_COMPILE_ERROR
                return

    def _take_in(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.id = message.new_session.initialize.session_id
            self._clear(set(message.metadata.run.fragment_ids))
        elif kind == "navigation":
            self._page_hash = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.HasField("new_element"):
            place = tuple(message.metadata.delta_path)
            self._drawn[place] = (message.delta.fragment_id, message.delta.new_element)
        elif kind == "auto_rerun":
            self.live[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.live.pop(fragment, None)
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "page_not_found":
            self._lost = f"There is no page “{self.page}”."
        elif kind == "session_event":
            self._lost = message.session_event.script_compilation_exception.message

    def _clear(self, fragments: set[str]) -> None:
        """Forgets what is about to be drawn again: some fragments, or all."""
        if not fragments:
            self.live.clear()
            self._lost = ""
        self._drawn = {
            place: drawn
            for place, drawn in self._drawn.items()
            if fragments and drawn[0] not in fragments
        }


def _content(element: Element) -> Any:
    """What the element is (a button, a text …), None for a place without any."""
    kind = element.WhichOneof("type")
    return None if kind is None else getattr(element, kind)


def _has(message: Any, field: str) -> bool:
    return field in message.DESCRIPTOR.fields_by_name
