"""The specs of plugins by role and name: those that travel with the package, and those of entry points."""

from ..blueprint import ConnectorChoice
from ..check.plugins import BrokenPlugin, find_plugin, spec_of
from ..connectors.protocol import Connector
from ..connectors.registry import make_connector
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


def connector_of(protocol: str, choice: ConnectorChoice | None) -> Connector:
    """Return a new connector for a protocol, or the one that a file names.

    :raises OphydDeclError: if it cannot be made.
    """
    return make_connector(protocol, choice, find_spec)
