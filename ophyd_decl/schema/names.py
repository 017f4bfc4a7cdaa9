"""What an editor may offer where a file names something: devices, services, labels."""

import re
from dataclasses import dataclass

from .expressions import Schema


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one beamline, in the order of its file."""

    devices: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()

    def path(self) -> Schema:
        """Return the schema of a path from the root of the beamline: the name of a device, or something below one."""
        return {"anyOf": [{"enum": list(self.devices)}, *self._below()]} if self.devices else {"type": "string"}

    def service(self) -> Schema:
        """Return the schema of a path to a service."""
        return {"enum": list(self.services)} if self.services else {"type": "string"}

    def selector(self) -> Schema:
        """Return the schema of a selector: a path, a path with `*`, `label:NAME`."""
        words = [*self.devices, *(f"label:{label}" for label in self.labels)]
        anywhere: Schema = {"type": "string", "pattern": r"\*"}
        return {"anyOf": [*([{"enum": words}] if words else []), *self._below(), anywhere]}

    def label(self) -> Schema:
        """Return the schema of a label: those that are in use are offered, and any other is right."""
        text: Schema = {"type": "string"}
        return {"anyOf": [{"enum": list(self.labels)}, text]} if self.labels else text

    def _below(self) -> list[Schema]:
        if not self.devices:
            return []
        names = "|".join(re.escape(name) for name in self.devices)
        return [{"type": "string", "pattern": rf"^(?:{names})[.\[]"}]
