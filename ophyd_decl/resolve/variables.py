"""Values of `vars`: each may use the others, in any order, but not itself."""

from typing import Any

from ..errors import Note
from ..model.kinds import Spot
from ..model.macros import has_macro, report_macro
from ..source import Findings, LocatedMapping
from ..source.ordering import in_order_of_need
from ..source.plain import plain
from ..source.suggest import in_circle
from ..source.tree import UNKNOWN
from ..vocab.names import is_identifier
from .bodies import names_in
from .expressions import OPENING
from .scope import Scope, expand


def read_variables(mapping: LocatedMapping | None, findings: Findings, given: Scope | None = None) -> Scope:
    """Return the scope of a file: its variables, and what it is given from outside.

    :param given: params of a fragment, and the variables that it requires.
    """
    scope = Scope({}, findings) if given is None else Scope(given.values, findings, given.origins)
    if given is not None:
        scope.outside = given.outside
    if mapping is None:
        return scope
    for name in mapping:
        place = mapping.key_place(name)
        if not is_identifier(name):
            findings.error("E407", f"`{name}` is no name for a variable", place, "use letters, digits and `_`")
        if given is not None and name in given.values:
            notes = (Note(f"`{name}` comes from here", given.origins[name]),) if name in given.origins else ()
            findings.error("E405", f"`{name}` is given from outside already", place, "rename the variable", notes)
        scope.values[name] = UNKNOWN
        scope.origins[name] = place
    needs = {
        name: [other for other in sorted(names_in(value, all_of_them=True)) if other in mapping]
        for name, value in mapping.items()
    }
    order, circles = in_order_of_need(needs)
    for circle in circles:
        _report_circle(circle, mapping, findings)
    for name in order:
        scope.values[name] = _value(mapping, name, scope, findings)
    return scope


def _value(mapping: LocatedMapping, name: str, scope: Scope, findings: Findings) -> Any:
    value = mapping[name]
    if isinstance(value, str):
        value = scope.value(value, mapping, name) if OPENING in value else value
        if has_macro(value) and report_macro(value, Spot(mapping, name, findings)) is not None:
            return UNKNOWN
        return value
    return plain(expand(value, scope))


def _report_circle(members: list[str], mapping: LocatedMapping, findings: Findings) -> None:
    words = in_circle(members)
    findings.error(
        "E404", f"variables need each other: {words}", mapping.value_place(members[0]), "write one of them out"
    )
