"""Keys of a mapping of the language: which there are, which are required, what each means.

One `Key` feeds validation, JSON Schema and the reference of the language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from ..errors import Place
from ..source.findings import Findings
from ..source.suggest import listed
from ..source.tree import LocatedMapping
from .kinds import FAILED, Kind, Spot

#: Keys that the language will have one day (design 3, rule 5).
RESERVED = ("max_age", "hold", "deadband", "sim", "fly", "sinks")
#: Keys that say how a mapping is merged onto another one; merging takes them away.
REPLACE, UNSET = "$replace", "$unset"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a block.

    :param doc: what it means, with unit or allowed values.
    :param default: what holds where the key is absent, as it is written.
    :param since: the version of the language that it came with.
    :param replaced_by: the key that has taken its place: it still works, and whoever uses it is told.
    """

    kind: Kind
    doc: str
    default: str = ""
    required: bool = False
    since: str = "1"
    replaced_by: str = ""


class Block(NamedTuple):
    """The keys that a mapping of the language may have.

    :param name: what messages call it, with its article: `a signal`.
    :param reserved: keys that will come one day.
    :param inner: the keys of mappings that stand in it, where a key is looked for that is unknown here.
    """

    name: str
    keys: dict[str, Key]
    reserved: tuple[str, ...] = ()
    inner: "Mapping[str, Block]" = MappingProxyType({})

    def read(self, mapping: LocatedMapping, findings: Findings, owner: Place) -> dict[str, Any]:
        """Return the values of the keys that are there and sound; report all else.

        :param owner: where something is missing is reported: the key that holds the mapping.
        """
        values: dict[str, Any] = {}
        for name, value in mapping.items():
            key = self.keys.get(name)
            if key is None:
                self.report_unknown(name, mapping, findings)
            else:
                result = key.kind.read(value, Spot(mapping, name, findings))
                meant = self._meant(name, key, mapping, findings) if key.replaced_by else name
                if result is not FAILED and meant:
                    values[meant] = result
        for name, key in self.keys.items():
            if key.required and name not in mapping and not findings.is_misspelt(name, mapping, self.keys):
                findings.error("E111", f"`{name}` is missing in {self.name}", owner, f"add `{name}:`, {key.doc}")
        return values

    def _meant(self, name: str, key: Key, mapping: LocatedMapping, findings: Findings) -> str:
        """Return the key that a deprecated one stands for, after a warning; empty if both are there."""
        place, new = mapping.key_place(name), key.replaced_by
        if new in mapping:
            findings.error("E115", f"`{name}` and `{new}` exclude each other", place, f"remove `{name}`")
            return ""
        findings.warning("E107", f"`{name}` in {self.name} is deprecated", place, f"write `{new}`")
        return new

    def report_unknown(self, name: str, mapping: LocatedMapping, findings: Findings) -> None:
        """Say that a key is unknown, unless it is one of the free ones."""
        if name.startswith("x-"):
            return
        if name in (REPLACE, UNSET):
            report_not_merged(name, mapping, findings)
            return
        if name in self.reserved:
            findings.error(
                "E112", f"`{name}` is reserved for a later version", mapping.key_place(name), "remove the key"
            )
            return
        current = [key for key, facts in self.keys.items() if not facts.replaced_by]
        free = [key for key in current if key not in mapping]
        home = self._home(name, mapping)
        near = f"write it below `{home}`" if home else findings.suggest(name, free)
        help_text = near or f"remove it; there are {listed(current)}"
        findings.error("E110", f"unknown key `{name}` in {self.name}", mapping.key_place(name), help_text)

    def _home(self, name: str, mapping: LocatedMapping) -> str | None:
        """Return the key below which an unknown key of a file belongs, if that is plain."""
        body = mapping[name]
        if "devices" in self.keys and isinstance(body, LocatedMapping) and "type" in body:
            return "devices"
        return next((key for key, block in self.inner.items() if name in block.keys), None)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the block."""
        properties = {
            name: {**key.kind.schema(), "description": key.doc, **({"deprecated": True} if key.replaced_by else {})}
            for name, key in self.keys.items()
        }
        required = [name for name, key in self.keys.items() if key.required]
        return {
            "type": "object",
            "properties": properties,
            "patternProperties": {"^x-": {}},
            "additionalProperties": False,
            **({"required": required} if required else {}),
        }


def report_not_merged(name: str, mapping: LocatedMapping, findings: Findings) -> None:
    """Say that `$replace` or `$unset` stands in a mapping that is not merged onto another one."""
    findings.error("E204", f"`{name}`: nothing is merged here", mapping.key_place(name), f"remove `{name}`")


def not_supported(what: str, place: Place, findings: Findings) -> None:
    """Say that something belongs to the language, but that this version cannot do it."""
    findings.error("E116", f"{what} is not supported yet", place, "remove it, or wait for a later version")
