"""What can be said of an address that does not answer, from what its neighbours do.

Neighbours are the addresses of one connector that agree up to the last colon of the record's name: as a rule they live
on one server. `missing` is said when one of them answers and a search got nothing; `silent`, when one did and does not
any more, or when the address itself was found and not described; `unknown` otherwise. A verdict is no end: the search
goes on, and a late answer makes the channel usable.
"""

import time
from typing import TYPE_CHECKING

from ..errors import AbsentError
from .link import Link

if TYPE_CHECKING:
    from .linked_channel import LinkedChannel

#: How long a search must have got nothing before an address counts as missing, in s.
SEARCH_S = 1.0
#: How many names are looked through for one that is meant.
_CANDIDATES = 300


class Family:
    """The links that are neighbours.

    :param stem: what their names have in common.
    """

    __slots__ = ("links", "records", "stem", "witness")

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.links: dict[Link, None] = {}
        #: one that was found; as long as that one is, the first that was.
        self.witness: Link | None = None
        #: the same of each record, by its name.
        self.records: dict[str, Link] = {}

    def came_up(self, link: Link) -> None:
        """Note that a link was described."""
        if self.witness is None or self.witness.phase != "ready":
            self.witness = link
        record = record_of(link.name)
        known = self.records.get(record)
        if known is None or known.phase != "ready":
            self.records[record] = link

    def has_record_of(self, link: Link) -> bool:
        """Return whether the record of a link answers to another field of it."""
        known = self.records.get(record_of(link.name))
        return known is not None and known is not link and known.phase == "ready"

    def missing_at(self, link: Link) -> float | None:
        """Return from when on a link that is searched seems to be missing; None if no neighbour answers now.

        Searches are repeated ever more rarely, by twice the interval at most. So, if the server came late, as long
        as it was away has to pass once more before it must have heard of this one.
        """
        witness = self.witness
        if witness is None or witness.phase != "ready" or link.phase != "searching":
            return None
        late_s = max(witness.ready_at - link.opened_at, 0.0)
        return max(witness.ready_at + late_s, link.opened_at) + SEARCH_S

    def is_missing(self, link: Link) -> bool:
        """Return whether a link seems to be missing now."""
        since = self.missing_at(link)
        return since is not None and since <= time.monotonic()


class Families:
    """All families of a connector, by what the names have in common."""

    def __init__(self) -> None:
        self._families: dict[str, Family] = {}

    def join(self, link: Link, stem: str) -> Family:
        """Return the family of a new link.

        :param stem: what its name has in common with those of its server.
        """
        family = self._families.get(stem)
        if family is None:
            family = self._families[stem] = Family(stem)
        family.links[link] = None
        return family

    def leave(self, link: Link) -> None:
        """Forget a link."""
        family = link.family
        if family is not None:
            family.links.pop(link, None)
            if family.witness is link:
                family.witness = next((other for other in family.links if other.phase == "ready"), None)
            record = record_of(link.name)
            if family.records.get(record) is link:
                del family.records[record]
            if not family.links:
                self._families.pop(family.stem, None)


def record_of(name: str) -> str:
    """Return the name of the record without that of a field."""
    return name.partition(".")[0]


def stem_of(name: str) -> str:
    """Return the name of a record up to its last colon."""
    head, colon, _ = record_of(name).rpartition(":")
    return head + colon


def absent(channel: "LinkedChannel", waited_s: float, *, missing: bool = False, suggest: bool = False) -> AbsentError:
    """Return the error of a channel that was searched in vain, with a verdict.

    The problem begins with the verdict, so that a program which reads a report finds it.

    :param missing: whether a neighbour has proved that its server hears searches, and does not have it.
    :param suggest: whether to look for a name that may be meant, which takes time.
    """
    link = channel.link
    link.given_up = True
    waited_s = max(waited_s, 0.0)
    family = link.family
    error = AbsentError(f"unknown: nothing answered within {waited_s:.1f} s", source=channel.source)
    if link.phase == "describing":
        error.verdict = "silent"
        error.problem = f"server silent: it was found, but not described within {waited_s:.1f} s"
    elif family is None:
        pass
    elif family.has_record_of(link):
        record = record_of(link.name)
        if missing:
            error.verdict = "missing"
            error.problem = f"missing: the record `{record}` answers, this field of it does not"
        else:
            error.problem += f"; the record `{record}` answers"
        error.help = "is it of the record type that the file takes it for? Compare the prefix"
    elif missing and family.witness is not None:
        error.verdict = "missing"
        searched_s = time.monotonic() - link.opened_at
        error.problem = (
            f"missing: `{family.witness.name}` answered, and a search of {searched_s:.1f} s for this one got nothing"
        )
        near = _near(link, family) if suggest else ""
        error.help = f"did you mean `{near}`?" if near else "compare the name with those that the server has"
    elif family.witness is not None and family.witness.phase != "ready":
        error.verdict = "silent"
        error.problem = (
            f"server silent: nothing answered within {waited_s:.1f} s; `{family.witness.name}` did before, and does "
            "not now"
        )
        error.help = "does the server hang? It is used again as soon as it answers"
    elif family.witness is None and len({other.name for other in family.links}) > 1:
        others = len({other.name for other in family.links}) - 1
        names = "the other name that begins" if others == 1 else f"any of the {others} other names that begin"
        error.problem += f", nor to {names} with `{family.stem}`"
    return error


def _near(link: Link, family: Family) -> str:
    """Return the name of a neighbour that did answer, and looks like this one."""
    from difflib import get_close_matches

    names = {other.name for other in family.links if other.phase == "ready" and other.name != link.name}
    start = len(family.stem)
    near = get_close_matches(link.name[start:], [name[start:] for name in sorted(names)[:_CANDIDATES]], 1, 0.7)
    return family.stem + near[0] if near else ""
