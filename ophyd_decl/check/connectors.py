"""Connectors that the file names: the plugin exists, and its options fit."""

from ..blueprint import ConnectorChoice
from ..model.kinds import Spot
from ..source.findings import Findings
from ..source.plain import plain
from ..source.tree import UNKNOWN, LocatedMapping
from .use import check_options, plugin_for

KEY = "connector"


def read_connector(mapping: LocatedMapping, findings: Findings) -> ConnectorChoice | None:
    """Return the connector that an entry names; None where it names none, or after diagnostics."""
    value = mapping.get(KEY, UNKNOWN)
    if value is UNKNOWN:
        return None
    spot = Spot(mapping, KEY, findings)
    if isinstance(value, str):
        options = LocatedMapping(mapping.home(KEY).file, mapping.begin)
    elif not isinstance(value, LocatedMapping) or "use" not in value:
        return None  # reported by the table of keys
    else:
        spot, options = Spot(value, "use", findings), value.without("use")
    plugin = plugin_for(KEY, value["use"] if isinstance(value, LocatedMapping) else value, spot)
    if plugin is None:
        return None
    given = {name: item for name, item in options.items() if not name.startswith("x-")}
    before = findings.error_count
    check_options(plugin, given, options, mapping.key_place(KEY), spot)
    if findings.error_count != before:
        return None
    return ConnectorChoice(plugin.name, tuple((name, plain(item)) for name, item in given.items()))
