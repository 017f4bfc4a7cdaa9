"""Options of a plugin that a device gives as the value of a param: they are checked where the device gives them.

With the name of the plugin added they can stand for a whole role: `logic: {movable: "${{ move }}"}`.
"""

from typing import Any

from ..model.kinds import FAILED, Spot, shown
from ..model.params import OptionsReader
from ..source.plain import plain
from ..source.suggest import listed
from ..source.tree import LocatedMapping
from .facts import PluginFacts
from .plugins import ROLES, BrokenPlugin, find_plugin, plugin_names
from .use import check_options, report_broken

USE = "use"


def find_options(name: str, spot: Spot) -> OptionsReader | None:
    """Return what reads the options of a plugin, or None after a diagnostic."""
    found = find_plugin(name)
    if isinstance(found, BrokenPlugin):
        report_broken(name, found.distribution, found.problem, spot)
        return None
    if found is None:
        names = [known for role in ROLES for known in plugin_names(role)]
        help_text = spot.findings.suggest(name, names) or f"there are {listed(names)}"
        spot.error("E501", f"there is no plugin `{name}`", help_text)
        return None
    return lambda value, spot: _read(found, value, spot)


def _read(plugin: PluginFacts, mapping: LocatedMapping, spot: Spot) -> Any:
    """Return options with the name of their plugin, or `FAILED` after diagnostics."""
    before = spot.findings.error_count
    if mapping.get(USE, plugin.name) != plugin.name:
        place = mapping.value_place(USE)
        summary = f"these are options of `{plugin.name}`, not of {shown(mapping[USE])}"
        spot.findings.error("E122", summary, place, f"remove `{USE}`")
    given = {key: value for key, value in mapping.items() if key != USE and not key.startswith("x-")}
    works = check_options(plugin, given, mapping, spot.place, spot)
    if not works or spot.findings.error_count != before:
        return FAILED
    return {USE: plugin.name, **plain(given)}
