"""One service: its plugin exists and its options fit."""

from ..blueprint import ServiceBlueprint
from ..errors import Place
from ..model.kinds import Spot
from ..model.macros import has_macro, report_macro
from ..model.services import SERVICE
from ..source.findings import Findings
from ..source.plain import plain
from ..source.tree import UNKNOWN, LocatedMapping
from .use import check_options, plugin_for


def check_service(name: str, mapping: LocatedMapping, place: Place, findings: Findings) -> ServiceBlueprint | None:
    """Return a service whose expressions were replaced, or None after diagnostics.

    :param place: of its name.
    """
    before = findings.error_count
    options = {key: value for key, value in mapping.items() if key not in SERVICE.keys and not key.startswith("x-")}
    own = SERVICE.read(mapping.without(*options), findings, place)
    if not isinstance(own.get("type"), str):
        return None
    for key, value in options.items():
        if has_macro(value):
            report_macro(value, Spot(mapping, key, findings))
    spot = Spot(mapping, "type", findings)
    plugin = plugin_for("service", mapping["type"], spot)
    if plugin is None or not check_options(plugin, options, mapping, place, spot):
        return None
    doc = own.get("doc", "")
    doc = "" if doc is UNKNOWN else doc.strip()
    service = ServiceBlueprint(name, plugin.name, plain(options), place, doc)
    return service if findings.error_count == before else None
