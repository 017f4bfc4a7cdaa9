"""The nominal classes of device types: `from ophyd_decl.types import epics; isinstance(m, epics.motor)`."""

from typing import Any

from .devices.classes import nominal_class
from .devices.device import Device


class Namespace:
    """The types of one namespace, as attributes."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> type[Device]:
        """Return the class that stands for a type, whatever its shapes."""
        if name.startswith("_"):
            raise AttributeError(name)
        return nominal_class(f"{self._name}.{name}")

    def __repr__(self) -> str:
        """Return the name."""
        return f"<types {self._name}>"


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return Namespace(name)
