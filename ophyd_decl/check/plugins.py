"""Finds plugins: those that travel with the package, and those that other distributions bring as entry points."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from .facts import BrokenOptionsError, PluginFacts, facts_of
from .shipped import SHIPPED

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from ..spec import PluginSpec

#: The same as in `spec`, which is not imported for it.
ENTRY_POINT_GROUP = "ophyd_decl.plugins"

#: Plugins that the language names (design 3, rule 11) and that this version does not have.
LATER = {
    "detector": ("area_detector", "panda", "sim"),
}
#: Roles of devices; the other plugins are no part of a device.
ROLES = ("movable", "triggerable", "detector", "flyer")


class BrokenPlugin(NamedTuple):
    """An entry point that cannot be used: the distribution that brought it, and why."""

    name: str
    distribution: str
    problem: str


def find_plugin(name: str) -> PluginFacts | BrokenPlugin | None:
    """Return what is known of a plugin, None if there is none."""
    return SHIPPED.get(name) or installed().get(name)


def plugin_names(role: str) -> tuple[str, ...]:
    """Return the names of the plugins for a role."""
    shipped = [name for name, facts in SHIPPED.items() if facts.role == role]
    others = [name for name, found in installed().items() if isinstance(found, BrokenPlugin) or found.role == role]
    return (*shipped, *others)


def spec_of(plugin: PluginFacts) -> "PluginSpec":
    """Return the spec of a plugin, with its options model; imports pydantic."""
    from .. import spec

    if not plugin.distribution:
        return next(found for found in spec.SHIPPED if found.name == plugin.name)
    return _specs[plugin.name]


_specs: "dict[str, PluginSpec]" = {}


@lru_cache(maxsize=1)
def installed() -> "Mapping[str, PluginFacts | BrokenPlugin]":
    """Return the plugins of other distributions by name; the first of two with one name wins."""
    from importlib.metadata import entry_points

    found: dict[str, PluginFacts | BrokenPlugin] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        if point.name not in found:
            distribution = point.dist.name if point.dist is not None else "an unknown distribution"
            found[point.name] = _load(point, distribution)
    return found


def _load(point: "EntryPoint", distribution: str) -> PluginFacts | BrokenPlugin:
    from ..spec import API_VERSION, PluginSpec

    name = point.name
    try:
        spec: Any = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may do anything at import, also leave the program
        return BrokenPlugin(name, distribution, f"{type(error).__name__}: {error}".partition("\n")[0])
    if not isinstance(spec, PluginSpec):
        return BrokenPlugin(name, distribution, "the entry point does not name a PluginSpec")
    if spec.api != API_VERSION:
        return BrokenPlugin(name, distribution, f"made for version {spec.api} of plugins, this is {API_VERSION}")
    if spec.name != name:
        return BrokenPlugin(name, distribution, f"its PluginSpec has the name `{spec.name}`")
    try:
        facts = facts_of(spec, distribution)
    except BrokenOptionsError as error:
        return BrokenPlugin(name, distribution, str(error))
    _specs[name] = spec
    return facts
