"""The specs of plugins by role and name: those that travel with the package, and those of entry points."""

from ..check.plugins import find_plugin
from ..errors import PluginError
from ..spec import PluginSpec


def find_spec(role: str, name: str) -> PluginSpec:
    """Return the spec of a plugin.

    :raises PluginError: if there is none.
    """
    spec = find_plugin(role, name)
    if spec is None:
        raise PluginError(name, "ophyd_decl", f"no plugin of this name gives the role `{role}`")
    return spec
