"""Finds plugins: those that travel with the package, and those that other distributions bring as entry points."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..spec import PluginSpec

#: Plugins that the language names (design 3, rule 11) and that this version does not have.
LATER = {
    "movable": ("motor_record",),
    "detector": ("area_detector", "panda", "sim"),
    "flyer": ("motor",),
}
ROLES = ("movable", "triggerable", "detector", "flyer")


@dataclass(frozen=True, slots=True)
class BrokenPlugin:
    """An entry point that cannot be used: the distribution that brought it, and why."""

    name: str
    distribution: str
    problem: str


def find_plugin(name: str) -> "PluginSpec | BrokenPlugin | None":
    """Return the plugin of a name, None if there is none."""
    from ..spec import SHIPPED  # imports pydantic, which only files with logic need

    for spec in SHIPPED:
        if spec.name == name:
            return spec
    return installed().get(name)


def plugin_names(role: str) -> tuple[str, ...]:
    """Return the names of the plugins for a role."""
    from ..spec import SHIPPED

    shipped = [spec.name for spec in SHIPPED if spec.role == role]
    others = [name for name, found in installed().items() if isinstance(found, BrokenPlugin) or found.role == role]
    return (*shipped, *others)


@lru_cache(maxsize=1)
def installed() -> "Mapping[str, PluginSpec | BrokenPlugin]":
    """Return the plugins of other distributions by name; the first of two with one name wins."""
    from importlib.metadata import entry_points

    from ..spec import ENTRY_POINT_GROUP

    found: dict[str, PluginSpec | BrokenPlugin] = {}
    for point in entry_points(group=ENTRY_POINT_GROUP):
        distribution = point.dist.name if point.dist is not None else "an unknown distribution"
        found.setdefault(point.name, _load(point, distribution))
    return found


def _load(point: object, distribution: str) -> "PluginSpec | BrokenPlugin":
    from ..spec import API_VERSION, PluginSpec

    name: str = getattr(point, "name", "")
    try:
        spec = point.load()  # type: ignore[attr-defined]  # pyright: ignore
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # a plugin may do anything at import, also leave the program
        return BrokenPlugin(name, distribution, f"{type(error).__name__}: {error}".partition("\n")[0])
    if not isinstance(spec, PluginSpec):
        return BrokenPlugin(name, distribution, "the entry point does not name a PluginSpec")
    if spec.api != API_VERSION:
        return BrokenPlugin(name, distribution, f"made for version {spec.api} of plugins, this is {API_VERSION}")
    return spec
