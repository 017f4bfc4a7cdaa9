"""Devices of Python classes: the class may be loaded, and what its arguments refer to exists. Nothing is imported."""

from collections.abc import Sequence
from typing import Any

from ..blueprint import Json
from ..model.kinds import Spot
from ..model.macros import has_macro, report_macro
from ..source.findings import Findings
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from ..vocab.names import is_identifier
from ..vocab.python_classes import is_allowed
from .references import Lookup
from .requirement import Requirement

_ANY = Requirement("any")


def check_class(name: str, patterns: Sequence[str] | None, spot: Spot) -> None:
    """Report a class that the beamline does not allow.

    :param name: `module:Name`.
    :param patterns: `python_allow`; None where it is not known.
    """
    if patterns is None or is_allowed(name, patterns):
        return
    allowed = f"allowed are {listed(patterns)}" if patterns else "there is no `python_allow`"
    dotted = name.replace(":", ".")
    spot.error("E503", f"the class `{name}` may not be loaded: {allowed}", f'add "{dotted}" to `python_allow`')


def check_arguments(arguments: LocatedMapping, findings: Findings) -> None:
    """Report names that no argument can have."""
    for name in arguments:
        if not is_identifier(name):
            place = arguments.key_place(name)
            findings.error("E407", f"`{name}` is no name for an argument", place, "use letters, digits and `_`")


def read_arguments(arguments: LocatedMapping, lookup: Lookup) -> dict[str, Json]:
    """Return arguments with a `Reference` in the place of each `{ref: PATH}`; mistakes are reported."""
    return {name: _argument(value, Spot(arguments, name, lookup.findings), lookup) for name, value in arguments.items()}


def _argument(value: Any, spot: Spot, lookup: Lookup) -> Json:
    if isinstance(value, LocatedMapping):
        if "ref" in value:
            found = lookup.reference(value, spot, _ANY)
            return None if found is None else found[0]
        return {name: _argument(item, spot.below(value, name), lookup) for name, item in value.items()}
    if isinstance(value, LocatedList):
        return [_argument(item, spot.below(value, index), lookup) for index, item in enumerate(value)]
    if value is UNKNOWN:
        return None
    if has_macro(value):
        report_macro(value, spot)
    return value
