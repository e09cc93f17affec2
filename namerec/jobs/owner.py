"""Who asked for a job: what turns, and limits for one person, go by."""

from __future__ import annotations

from typing import NamedTuple


class Owner(NamedTuple):
    """Who asked for a job.

    Attributes:
        name: A person whom a login or a proxy names, or a browser session; empty for the lab
            itself.
        address: Where a browser session is, which costs nothing to open another of; empty for a
            person who is known by name, since a whole school may share an address.
    """

    name: str = ""
    address: str = ""

    @property
    def lane(self) -> str:
        """Whose turns alternate with those of others: a person's, or an address's."""
        return self.address or self.name


#: The lab itself, and the command line.
LAB = Owner()
