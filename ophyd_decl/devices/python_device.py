"""What stands where a file names a Python class: this version checks such a device, and does not make it.

It has its place among the devices, so that all others work; using it raises an error that says why it cannot be used.
Nothing of the class is imported.
"""

from typing import Any

from ..blueprint import DeviceBlueprint
from ..errors import AbsentError
from .context import Context
from .node import Node


class NotHostedError(AbsentError, AttributeError):
    """A device of a Python class was used, and this version does not make it.

    It is an `AttributeError` too, so that whoever asks what the device can do learns that it can do nothing.
    """


class PythonDevice(Node):
    """The place of a device that a Python class makes."""

    __slots__ = ("_labels", "_python", "_shape")

    def __init__(self, context: Context, blueprint: DeviceBlueprint) -> None:
        super().__init__(context, None, blueprint.path, blueprint.document_name, blueprint.place)
        self._shape = blueprint.shape
        self._labels = frozenset(blueprint.labels)
        self._python = "" if blueprint.python is None else blueprint.python.name

    @property
    def labels(self) -> frozenset[str]:
        """Return the labels that the file gives it."""
        return self._labels

    @property
    def class_name(self) -> str:
        """Return the class, `module:Class`."""
        return self._python

    def not_hosted(self) -> NotHostedError:
        """Return the error of using it."""
        return NotHostedError(
            f"it is made by the Python class {self._python}, and Python classes are checked but not made by this "
            "version",
            help="make the device in Python beside the beamline until they are",
        ).about(self.path, self._place)

    def __getattr__(self, name: str) -> Any:
        """Say that it cannot be used.

        :raises NotHostedError: for every verb and member.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        raise self.not_hosted()

    def __getitem__(self, key: str | int) -> Any:
        """Say that it cannot be used.

        :raises NotHostedError: for every member.
        """
        raise self.not_hosted()

    def __repr__(self) -> str:
        """Return path and class."""
        return f"{self.path} <python {self._python}>"
