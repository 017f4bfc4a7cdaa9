"""Which plugin a word of the file means, and whether the options beside it fit: the same for all roles."""

from collections.abc import Mapping
from typing import Any

from ..errors import Place
from ..model.kinds import Spot, shown
from ..source.plain import holds_unknown, plain
from ..source.suggest import listed, suggest
from ..source.tree import UNKNOWN, LocatedMapping
from .facts import BrokenOptionsError, PluginFacts
from .options import report_class, report_misfits
from .plugins import LATER, ROLES, BrokenPlugin, find_plugin, plugin_names, spec_of

#: Where plugins that are no part of a device are named, for messages.
_HOMES = {"service": "`services`", "connector": "`connector:`", "types": "`use:` as `pkg:NAME`"}


def plugin_for(role: str, name: Any, spot: Spot) -> PluginFacts | None:
    """Return the plugin of a role that a name means, or None after a diagnostic; None for what is not known yet.

    :param spot: of the name.
    """
    if not isinstance(name, str):
        if name is not UNKNOWN:
            spot.error("E121", f"expected the name of a plugin, got {shown(name)}", "write a name")
        return None
    found = find_plugin(name)
    if isinstance(found, PluginFacts) and found.role == role:
        return found
    names = plugin_names(role)
    if found is None:
        if name in LATER.get(role, ()):
            spot.error("E116", f"the plugin `{name}` is not supported yet", f"use {listed(names)}")
        else:
            help_text = suggest(name, names) or f"there are {listed(names)}"
            spot.error("E501", f"there is no {_called(role)} `{name}`{_suffix(role)}", help_text)
        return None
    elif isinstance(found, BrokenPlugin):
        report_broken(name, found.distribution, found.problem, spot)
    else:
        home = _HOMES.get(found.role, f"`{found.role}`")
        help_text = f"put it below {home}, or use {listed(names)}"
        spot.error("E501", f"the plugin `{name}` gives {_gives(found.role)}, not {_gives(role)}", help_text)
    return None


def check_options(
    plugin: PluginFacts, given: Mapping[str, Any], mapping: LocatedMapping, owner: Place, spot: Spot
) -> bool:
    """Return whether the model of the options worked; options that do not fit it are reported.

    :param given: the options among the keys of `mapping`.
    :param owner: where missing options are reported.
    :param spot: of the name of the plugin.
    """
    data = _data(given, plugin)
    for name, value in data.items():
        facts = plugin.options.get(name)
        if facts is not None and not facts.has_class(value):
            report_class(name, facts.kind, value, Spot(mapping, name, spot.findings))
    # The models of others may check more than their fields say.
    if plugin.distribution or not plugin.fit(data):
        try:
            report_misfits(spec_of(plugin), plugin, data, mapping, owner, spot.findings)
        except BrokenOptionsError as error:
            report_broken(plugin.name, plugin.distribution, str(error), spot)
            return False
    return True


def report_broken(name: str, distribution: str, problem: str, spot: Spot) -> None:
    """Say that a plugin cannot be used, and which distribution brought it."""
    summary = f"the plugin `{name}` of `{distribution}` cannot be loaded: {problem}"
    spot.error("E502", summary, f"mend or reinstall `{distribution}`")


def _data(given: Mapping[str, Any], plugin: PluginFacts) -> dict[str, Any]:
    """Return options as plain data for their model; what is not known yet is given a value that fits or left out."""
    data: dict[str, Any] = {}
    for name, value in given.items():
        facts = plugin.options.get(name)
        marked = facts is not None and facts.mark is not None
        if holds_unknown(value):
            if marked:
                data[name] = "unknown"
            continue
        if marked and isinstance(value, LocatedMapping) and isinstance(value.get("ref"), str):
            value = value["ref"]
        data[name] = plain(value)
    return data


def _called(role: str) -> str:
    return "plugin" if role in ROLES else {"types": "type library"}.get(role, role)


def _suffix(role: str) -> str:
    return f" for the role `{role}`" if role in ROLES else ""


def _gives(role: str) -> str:
    return f"the role `{role}`" if role in ROLES else {"types": "device types"}.get(role, f"a {role}")
