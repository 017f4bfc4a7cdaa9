"""Logic of a device: each role names a plugin, its options fit the plugin, its paths and conditions the device."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from ..blueprint import Reference, RoleShape, SignalShape
from ..errors import Place
from ..model.kinds import Spot, shown
from ..resolve.bodies import names_in
from ..source.findings import Findings
from ..source.plain import plain
from ..source.suggest import listed, suggest_or_list
from ..source.tree import UNKNOWN, LocatedMapping
from .derived import VALUE
from .facts import CONDITION_ON_VALUE, CONDITIONS, OptionFacts, PluginFacts
from .formulas import check_formula, tables_in, with_constants, without_tables
from .plugins import ROLES, find_plugin, plugin_names
from .references import Lookup
from .requirement import Requirement
from .use import check_options, plugin_for


@dataclass(slots=True)
class Logic:
    """The roles of a device, and what they mean for its signals.

    :param carriers: own signals that carry the name of the device.
    :param watched: own signals that are used in conditions.
    """

    roles: list[RoleShape] = field(default_factory=list[RoleShape])
    carriers: set[str] = field(default_factory=set[str])
    watched: set[str] = field(default_factory=set[str])


def read_role(role: str, mapping: LocatedMapping, lookup: Lookup, constants: dict[str, Any], logic: Logic) -> None:
    """Add one role of a device; mistakes are reported.

    :param mapping: that the role stands in.
    :param constants: params whose values are known now, to be put into conditions.
    """
    options = mapping[role]
    if role not in ROLES:
        help_text = suggest_or_list(role, ROLES, "roles")
        lookup.findings.error("E110", f"unknown role `{role}`", mapping.key_place(role), help_text)
    elif not isinstance(options, LocatedMapping):
        if options is not UNKNOWN:
            Spot(mapping, role, lookup.findings).error(
                "E120", f"expected a mapping with `use`, got {shown(options)}", "write `{use: NAME, …}`"
            )
    else:
        _read_options(role, options, mapping.key_place(role), lookup, constants, logic)


def without_braces(
    options: LocatedMapping, known: Collection[str], members: Collection[str], findings: Findings
) -> LocatedMapping:
    """Return the options of a role without the conditions that stand in braces although they name members.

    An expression may make a condition, but it sees no signals; a condition that names one is reported.

    :param known: names that expressions see.
    """
    plugin = find_plugin(options["use"]) if isinstance(options.get("use"), str) else None
    if not isinstance(plugin, PluginFacts):
        return options
    refused: dict[str, Any] = {}
    for name, value in options.items():
        facts = plugin.options.get(name)
        if facts is None or facts.mark not in CONDITIONS:
            continue
        names = names_in(value, all_of_them=True)
        if any(word in members and word not in known for word in names):
            check_formula(value, Spot(options, name, findings), ())
            refused[name] = UNKNOWN
    return options.replaced(refused) if refused else options


def _read_options(
    role: str, mapping: LocatedMapping, owner: Place, lookup: Lookup, constants: dict[str, Any], logic: Logic
) -> None:
    findings = lookup.findings
    if "use" not in mapping:
        help_text = f"add `use:`, there are {listed(plugin_names(role))}"
        findings.error("E111", f"`use` is missing in `{role}`", owner, help_text)
        return
    spot = Spot(mapping, "use", findings)
    plugin = plugin_for(role, mapping["use"], spot)
    if plugin is None:
        return
    facts = plugin.options
    given = {name: value for name, value in mapping.items() if name != "use" and not name.startswith("x-")}
    if not check_options(plugin, given, mapping, owner, spot):
        return
    _check_names(plugin, lookup)
    reader = _Reader(mapping, lookup, constants, logic)
    options = {name: reader.option(name, value, facts[name]) for name, value in given.items() if name in facts}
    logic.roles.append(RoleShape(role, plugin.name, options, owner))
    reader.carry(plugin.carries_name, options)


def _check_names(plugin: PluginFacts, lookup: Lookup) -> None:
    """Report members that have a name which the logic gives to the device."""
    for name in plugin.names:
        member = lookup.own.members.get(name)
        if member is not None:
            summary = f"`{name}` is a name that the plugin `{plugin.name}` gives to the device"
            lookup.findings.error("E406", summary, member.place, f"rename it to `{name}_`")


@dataclass(slots=True)
class _Reader:
    """Turns the options of one role into what the blueprint holds."""

    mapping: LocatedMapping
    lookup: Lookup
    constants: dict[str, Any]
    logic: Logic

    def option(self, name: str, value: Any, facts: OptionFacts) -> Any:
        """Return one option: a `Reference`, the text of a condition, or plain data."""
        spot = Spot(self.mapping, name, self.lookup.findings)
        if value is None or value is UNKNOWN:
            return None
        if facts.mark in CONDITIONS:
            return self._condition(value, spot, (VALUE,) if facts.mark == CONDITION_ON_VALUE else ())
        if isinstance(facts.mark, Requirement):
            if not isinstance(value, str | LocatedMapping):
                return None
            found = self.lookup.reference(value, spot, facts.mark)
            return None if found is None else found[0]
        return plain(value)

    def carry(self, fields: tuple[str, ...], options: dict[str, Any]) -> None:
        """Note the signal that carries the name of the device: the first of these options that is given."""
        for name in fields:
            if name in self.mapping:
                reference = options.get(name)
                if isinstance(reference, Reference) and reference.base == "device":
                    if len(reference.path) == 1:
                        self.logic.carriers.add(str(reference.path[0]))
                    else:
                        place = self.mapping.value_place(name)
                        summary = f"`{name}` must be a signal of the device itself"
                        help_text = "declare the signal beside `logic`"
                        self.lookup.findings.error("E403", summary, place, help_text)
                return

    def _condition(self, value: Any, spot: Spot, target: tuple[str, ...]) -> str | None:
        if not isinstance(value, str):
            return None
        own = self.lookup.own
        signals = {name: member for name, member in own.members.items() if isinstance(member, SignalShape)}
        for name in target:
            signals.pop(name, None)
        params = [name for name in {**self.lookup.params, **self.constants} if name not in (*signals, *target)]
        formula = check_formula(
            value, spot, (*signals, *params, *target), what="signals beside it", unsure=bool(own.failed or own.open),
            tables=[name for name in tables_in(self.lookup.params, self.constants) if name not in signals],
        )  # fmt: skip
        if formula is None:
            return None
        for name in formula.names:
            if name in signals:
                if "r" not in signals[name].access:
                    spot.error("E403", f"`{name}` cannot be read, so no condition can use it", "use another signal")
                self.logic.watched.add(name)
        fixed = without_tables(self.constants, self.lookup.params)
        return with_constants(value, {name: v for name, v in fixed.items() if name in params})
