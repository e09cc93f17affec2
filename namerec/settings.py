"""What the person who runs the lab decides: limits for a shared server, and who may connect.

Every setting is an environment variable, `NAMEREC_` and its name in capitals, and each has a
default that suits one person on their own computer.
"""

import os
import re
from contextlib import suppress
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

import platformdirs
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from namerec.errors import ConfigError

#: What the names of all variables begin with.
PREFIX = "NAMEREC_"
#: Variables beside the settings: the folders, read whenever they are asked for, and what the
#: browser tests need.
OTHER_VARIABLES = frozenset(
    PREFIX + name for name in ("HOME", "CACHE", "NAMES_DIR", "BROWSER_TESTS")
)
#: Most of PyTorch's threads; more than any machine gains from.
MOST_THREADS = 64
#: Most trainings at a time; each takes memory and a core.
MOST_WORKERS = 256
#: Longest part of a wrong value that is repeated, characters.
_SHOWN = 60
#: A header's name, without what HTTP allows and no proxy uses.
_HEADER = re.compile("[A-Za-z][A-Za-z0-9-]{0,99}")
#: Who may show the lab in a frame: words of the header's own, or an origin.
_SOURCE = re.compile(r"'self'|'none'|https?://(?:\*\.)?[A-Za-z0-9.-]+(?::\d{1,5})?")


class Settings(BaseSettings):
    """The settings, read from the environment; an empty variable counts as one that is not set.

    Attributes:
        most_parameters: Trainable numbers a network may have; the default is more than any
            network that can be set.
        most_memory: Megabytes a training may need; 0 for what is free, less a reserve.
        most_minutes: Minutes of training a run may take; 0 for any number.
        most_jobs_per_user: Runs of one person that may train or wait at a time.
        most_queued: Runs of all people that may wait.
        most_queued_per_address: Runs of all browser sessions at one address that may wait; people
            known by name do not count.
        most_disk: Megabytes that the data folder may take; 0 for as many as there are.
        most_uploads: Corpora that one browser session may keep.
        threads: PyTorch's threads. A step on a hundred names is too small to be shared: a second
            one gains little alone, and when its core is busy with a page or a browser the first
            one waits for it.
        workers: Trainings at a time, each in a process of its own; 0 for as many as there are cores
            less one, which is left to the pages. 1 trains in the server itself.
        insecure: Whether the app may be reached from other computers by anybody, without a login.
        trusted_proxies: Addresses or networks of proxies whose `user_header` is believed,
            separated by commas.
        user_header: Header in which a trusted proxy says who is logged in.
        frame_ancestors: Addresses of pages that may show the lab in a frame, separated by spaces:
            'self', 'none', or origins such as https://course.example.org.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore", allow_inf_nan=False
    )

    most_parameters: Annotated[int, Field(ge=1, le=1_000_000_000)] = 100_000_000
    most_memory: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    most_minutes: Annotated[float, Field(ge=0, le=100_000)] = 0.0
    most_jobs_per_user: Annotated[int, Field(ge=1, le=10_000)] = 200
    most_queued: Annotated[int, Field(ge=1, le=10_000)] = 500
    most_queued_per_address: Annotated[int, Field(ge=1, le=10_000)] = 300
    most_disk: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    most_uploads: Annotated[int, Field(ge=1, le=10_000)] = 50
    threads: Annotated[int, Field(ge=1, le=MOST_THREADS)] = 1
    workers: Annotated[int, Field(ge=0, le=MOST_WORKERS)] = 0
    insecure: bool = False
    trusted_proxies: Annotated[str, Field(max_length=4096)] = ""
    user_header: str = "X-Forwarded-User"
    frame_ancestors: Annotated[str, Field(max_length=1000)] = "'self'"

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, given: str) -> str:
        _networks(given)
        return given

    @field_validator("user_header")
    @classmethod
    def _is_a_header(cls, given: str) -> str:
        if not _HEADER.fullmatch(given):
            raise ValueError("no name of a header")
        return given

    @field_validator("frame_ancestors")
    @classmethod
    def _are_origins(cls, given: str) -> str:
        sources = given.split()
        if not sources or not all(_SOURCE.fullmatch(source) for source in sources):
            raise ValueError("no addresses of pages")
        return " ".join(sources)

    @property
    def proxies(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The trusted proxies; a single address is a network of one."""
        return _networks(self.trusted_proxies)

    def changed(self) -> dict[str, Any]:
        """The settings that differ from their defaults, by variable."""
        fields = type(self).model_fields.items()
        return {
            variable(name): getattr(self, name)
            for name, field in fields
            if getattr(self, name) != field.default
        }


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + name.upper()


@cache
def settings() -> Settings:
    """The settings in force, read once; `settings.cache_clear()` has them read again.

    Raises:
        ConfigError: Naming each variable that is wrong, what was given and what is allowed.
    """
    try:
        read = Settings()
    except ValidationError as error:
        raise ConfigError(" ".join(dict.fromkeys(map(_in_words, error.errors())))) from None
    if read.insecure and read.proxies:
        raise ConfigError(
            f"{variable('insecure')} lets everyone in, but {variable('trusted_proxies')} lets in "
            "only people that a proxy has signed in. Set only one of them, or neither."
        )
    return read


def home() -> Path:
    """The data folder: `NAMEREC_HOME` if set, else the user's own by the system's convention."""
    return _folder("HOME") or Path(platformdirs.user_data_dir("namerec"))


def cache_home() -> Path:
    """Where downloads go: `NAMEREC_CACHE` if set, else the user's cache."""
    return _folder("CACHE") or Path(platformdirs.user_cache_dir("namerec"))


def names_folder() -> Path | None:
    """The folder that `NAMEREC_NAMES_DIR` names, if it is set; it need not be there."""
    return _folder("NAMES_DIR")


def _folder(name: str) -> Path | None:
    given = os.environ.get(PREFIX + name)
    return Path(os.path.expanduser(given)) if given else None


def share_processors() -> None:
    """Has PyTorch, once it is imported, and what it calls use `threads` threads from the beginning.

    It would take all processors for whatever is not a training, such as the gradients of a page:
    twenty times the work on a busy computer, as threads wait for each other by turning round.
    """
    with suppress(ConfigError):  # said by whatever reads the settings next
        os.environ.setdefault("OMP_NUM_THREADS", str(settings().threads))


def unknown_variables() -> list[str]:
    """Variables that begin as ours do and that nothing reads: misspelt ones."""
    ours = {variable(name) for name in Settings.model_fields}
    begun = (name for name in os.environ if name.upper().startswith(PREFIX))
    # Settings are read however they are capitalized, the other variables only as they are here.
    return sorted({name for name in begun if name.upper() not in ours} - OTHER_VARIABLES)


def _networks(given: str) -> tuple[IPv4Network | IPv6Network, ...]:
    parts = (part.strip() for part in given.split(","))
    return tuple(ip_network(part) for part in parts if part)


def _in_words(problem: Any) -> str:
    name, given = str(problem["loc"][0]), str(problem["input"])
    shown = ascii(given[:_SHOWN])[1:-1] + ("…" if len(given) > _SHOWN else "")
    return f"{variable(name)} is “{shown}”, but it must be {_allowed(name)}."


def _allowed(name: str) -> str:
    """What a setting may be, in words."""
    in_words = {
        "insecure": "1 or 0",
        "trusted_proxies": "IP addresses or networks, separated by commas, for example "
        "127.0.0.1, 10.0.0.0/8",
        "frame_ancestors": "'self', 'none', or addresses separated by spaces, for example 'self' "
        "https://course.example.org",
        "user_header": "the name of an HTTP header: a letter, then letters, digits and hyphens",
    }
    if name in in_words:
        return in_words[name]
    field = Settings.model_fields[name]
    least = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
    most = next(bound.le for bound in field.metadata if hasattr(bound, "le"))
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{kind} from {least:,} to {most:,}"
