"""Values of `vars`: each may use the others, in any order, but not itself."""

from collections.abc import Mapping
from typing import Any

from ..model.kinds import Spot
from ..model.macros import has_macro, report_macro
from ..source import Findings, LocatedMapping
from ..source.ordering import in_order_of_need
from ..source.plain import plain
from ..source.tree import UNKNOWN
from ..vocab.names import is_identifier
from .bodies import names_in
from .expressions import OPENING
from .scope import Scope, expand


def read_variables(mapping: LocatedMapping | None, settings: Mapping[str, Any], findings: Findings) -> Scope:
    """Return the scope of a beamline.

    :param settings: values that win over those of the file, by name.
    """
    scope = Scope({}, findings)
    if mapping is None:
        return scope
    for name in mapping:
        if not is_identifier(name):
            place = mapping.key_place(name)
            findings.error("E407", f"`{name}` is no name for a variable", place, "use letters, digits and `_`")
        scope.values[name] = settings.get(name, UNKNOWN)
        scope.origins[name] = mapping.key_place(name)
    needs = {
        name: [other for other in sorted(names_in(value, all_of_them=True)) if other in mapping]
        for name, value in mapping.items()
        if name not in settings
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
    words = " → ".join(f"`{name}`" for name in (*members, members[0]))
    findings.error(
        "E404", f"variables need each other: {words}", mapping.value_place(members[0]), "write one of them out"
    )
