"""The devices of a beamline, as users get them."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..devices.python_device import PythonDevice, shown


class Devices(Mapping[str, Any]):
    """The devices by name, in file order; one that a Python class makes is made when it is asked for.

    :param nodes: the devices, with places for what Python classes make.
    """

    def __init__(self, nodes: Mapping[str, Any]) -> None:
        self._nodes = nodes

    @property
    def native(self) -> dict[str, Any]:
        """Return those that no Python class makes."""
        return {name: node for name, node in self._nodes.items() if not isinstance(node, PythonDevice)}

    def __getitem__(self, name: str) -> Any:
        """Return a device.

        :raises KeyError: if there is none.
        """
        return shown(self._nodes[name])

    def __iter__(self) -> Iterator[str]:
        """Yield the names; nothing is made."""
        return iter(self._nodes)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._nodes)

    def __contains__(self, name: object) -> bool:
        """Return whether there is one; nothing is made."""
        return name in self._nodes

    def __repr__(self) -> str:
        """Return the names."""
        return f"<Devices {', '.join(self._nodes)}>"
