"""The specs of plugins by role and name: those that travel with the package, and those of entry points."""

from ..check.plugins import BrokenPlugin, find_plugin, spec_of
from ..errors import PluginError
from ..spec import PluginSpec


def find_spec(role: str, name: str) -> PluginSpec:
    """Return the spec of a plugin.

    :raises PluginError: if there is none, it cannot be used, or it gives another role.
    """
    found = find_plugin(name)
    if isinstance(found, BrokenPlugin):
        raise PluginError(name, found.distribution, found.problem)
    if found is None or found.role != role:
        raise PluginError(name, "ophyd_decl", f"no plugin of this name gives the role `{role}`")
    return spec_of(found)
