"""Names in a stub: what is imported, and classes, none of which may hide a member that a file declares.

A signal may be called `float` or `Literal`, and in the body of its class that name then stands for the signal. What is
imported under a name that is taken gets a `_` before it: no device and no member has such a name.
"""

import builtins
import keyword
import re
from collections.abc import Iterable

from ..blueprint import BeamlineBlueprint, ChildShape, Shape, VectorShape

#: What a class of a stub is never called, whether this stub imports it or not, so that names stay when it does.
_KEPT = frozenset(
    {
        "Any", "Beamline", "Command", "Device", "Flyer", "Iterable", "Literal", "Movable", "Never", "Provenance",
        "Report", "Sequence", "SignalR", "SignalRW", "SignalW", "Triggerable", "TypeAlias", "TypedDict", "Vector", "np",
        "type_check_only",
    }
)  # fmt: skip
#: Of the module beside devices and services.
MODULE_NAMES = ("beamline", "connect", "provenance", "report")


class Names:
    """The names of one stub.

    :param taken: of devices, services and members.
    """

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = frozenset({*taken, *MODULE_NAMES})
        self._used: set[str] = set()
        self._imported: dict[tuple[str, str], str] = {}

    def imported(self, module: str, name: str) -> str:
        """Return what an attribute of a module is called here, and have it imported.

        :param name: empty for the module itself.
        """
        key = (module, name)
        found = self._imported.get(key)
        if found is None:
            wanted = name or {"numpy": "np"}[module]
            found = self._imported[key] = self._free(wanted if self._is_free(wanted) else f"_{wanted}")
        return found

    def builtin(self, name: str) -> str:
        """Return what a class of Python is called here."""
        return self.imported("builtins", name) if name in self._taken else name

    def own(self, words: str) -> str:
        """Return a new name for a class of the stub, in capitals: `demo.point_detector` gives `DemoPointDetector`."""
        parts = [part for part in re.split(r"[\W_]+", words) if part]
        name = "".join(part[0].upper() + part[1:] for part in parts)
        if not name.isidentifier() or keyword.iskeyword(name) or name in _KEPT or hasattr(builtins, name):
            name = f"The{name}"
        return self._free(name)

    def _is_free(self, name: str) -> bool:
        return name not in self._taken and name not in self._used

    def _free(self, name: str) -> str:
        found, number = name, 1
        while not self._is_free(found):
            number += 1
            found = f"{name}_{number}"
        self._used.add(found)
        return found

    def import_lines(self) -> list[str]:
        """Return the import statements, sorted."""
        lines: list[str] = []
        froms: dict[str, list[str]] = {}
        for (module, name), here in self._imported.items():
            if not name:
                lines.append(f"import {module} as {here}")
            else:
                froms.setdefault(module, []).append(name if name == here else f"{name} as {here}")
        lines.sort()
        lines.extend(f"from {module} import {', '.join(sorted(froms[module]))}" for module in sorted(froms))
        return lines


def taken_names(blueprint: BeamlineBlueprint) -> set[str]:
    """Return the names of all devices, services and members at every depth."""
    names = {device.path for device in blueprint.devices} | {service.path for service in blueprint.services}
    seen: set[int] = set()
    for device in blueprint.devices:
        _collect(device.shape, names, seen)
    return names


def _collect(shape: Shape, names: set[str], seen: set[int]) -> None:
    if id(shape) in seen:
        return
    seen.add(id(shape))
    for member in shape.members:
        names.add(str(member.key))
        if isinstance(member, ChildShape):
            _collect(member.shape, names, seen)
        elif isinstance(member, VectorShape):
            for item in member.items:
                _collect(item.shape, names, seen)
