"""Signals whose value is compared with that of another signal when they connect: the other one exists."""

from ..blueprint import Reference
from ..model.kinds import Spot
from ..source.tree import LocatedMapping
from .references import Lookup
from .requirement import Requirement

_SIGNAL = Requirement("signal", readable=True)


def read_expected(name: str, mapping: LocatedMapping, lookup: Lookup) -> Reference | None:
    """Return the signal whose value is expected, or None after a diagnostic.

    :param name: of the signal that expects it.
    :param mapping: its entry, in which `expect` is a reference.
    """
    spot = Spot(mapping, "expect", lookup.findings)
    found = lookup.reference(mapping["expect"], spot, _SIGNAL)
    if found is None:
        return None
    if found[0] == Reference("device", (name,)):
        spot.error("E403", f"`{name}` is compared with itself", "name another signal, or write the value")
        return None
    return found[0]
