"""Whose turn it is: owners take turns, and of one owner the first to come is the first to go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest

from namerec.jobs.group import Group


class Turns:
    """Groups of jobs that wait, in the order in which they will begin.

    Addresses, and persons known by name, alternate; so do the browser sessions of one address. Who
    has just had a turn, or has just come, is behind everybody who waits already.
    """

    def __init__(self) -> None:
        #: Groups by owner's name, by lane; the next to go stands first at each level.
        self._lanes: dict[str, dict[str, list[Group]]] = {}

    def __iter__(self) -> Iterator[Group]:
        """All that wait, the next to begin first."""
        lanes = (_alternating(lane.values()) for lane in self._lanes.values())
        return iter(_alternating(lanes))

    def add(self, group: Group) -> None:
        """Has a group wait for its turn."""
        lane = self._lanes.setdefault(group.owner.lane, {})
        lane.setdefault(group.owner.name, []).append(group)

    def remove(self, group: Group) -> None:
        """Takes out a group that waits, without a turn."""
        lane = self._lanes[group.owner.lane]
        groups = lane[group.owner.name]
        groups.remove(group)
        if not groups:
            del lane[group.owner.name]
        if not lane:
            del self._lanes[group.owner.lane]

    def take(self) -> Group | None:
        """Takes out the group whose turn it is; None if none waits."""
        group = next(iter(self), None)
        if group is None:
            return None
        owner = group.owner
        self.remove(group)
        if owner.lane in self._lanes:  # behind the others
            lane = self._lanes[owner.lane] = self._lanes.pop(owner.lane)
            if owner.name in lane:
                lane[owner.name] = lane.pop(owner.name)
        return group


def _alternating(lines: Iterable[Iterable[Group]]) -> list[Group]:
    """The first of each line, then the second of each."""
    return [group for row in zip_longest(*lines) for group in row if group is not None]
