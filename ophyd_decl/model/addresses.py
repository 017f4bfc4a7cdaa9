"""Where a value lives: `suffix`, `pv`, `rbv`, `protocol`, and the templates that they become."""

from dataclasses import dataclass
from typing import Any

from ..blueprint import Address, Param, Template
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.addresses import readback_of
from .kinds import FAILED, Kind, Spot, shown
from .macros import report_macro

#: The param that `suffix` is joined to.
PREFIX = "prefix"
#: Stands for an address that is not known before a type is used.
UNKNOWN_ADDRESS = Template(("…",))
_SCHEMES = ("ca", "pva")


class AddressText(Kind):
    """A PV, or the part of one that follows the prefix; gives a `Template`."""

    expected = "the name of a PV"

    def __init__(self, *, whole: bool) -> None:
        self.whole = whole

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the template of an address."""
        if value is UNKNOWN:
            return value
        if isinstance(value, Template):
            literals = [part for part in value.parts if isinstance(part, str)]
        elif isinstance(value, str):
            if self.whole and not value:
                return spot.error("E121", "the address is empty", "write the name of a PV")
            literals = [value]
            value = Template((value,))
        else:
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            return self.refuse(value, spot, f'put it in quotes: "{shown(value)}"' if is_number else "write one text")
        for literal in literals:
            failed = report_macro(literal, spot)
            if failed is not None:
                return FAILED
        return self._check_scheme(value, spot)

    def _check_scheme(self, template: Template, spot: Spot) -> Any:
        first = template.parts[0] if template.parts else ""
        if isinstance(first, str):
            scheme, separator, _ = first.partition("://")
            if separator and (not self.whole or scheme not in _SCHEMES):
                help_text = "begin with `ca://` or `pva://`" if self.whole else "use `pv:` for a whole address"
                place = spot.holder.part_place(spot.key, scheme + separator)
                spot.findings.error("E122", f"`{scheme}://` cannot stand here", place, help_text)
                return FAILED
        return template

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string"}


@dataclass(frozen=True, slots=True)
class TwoAddresses:
    """A `pv` with separate addresses; None where a direction is not given."""

    read: Template | None
    write: Template | None


class PV(Kind):
    """A whole PV, or a mapping with `read` and `write`."""

    expected = "the name of a PV, or a mapping with `read` and `write`"
    _text = AddressText(whole=True)

    def read(self, value: Any, spot: Spot) -> Any:
        """Return a `Template`, or `TwoAddresses`."""
        if not isinstance(value, LocatedMapping):
            return self._text.read(value, spot)
        found: dict[str, Any] = {}
        failed = False
        for name, item in value.items():
            if name not in ("read", "write"):
                place = value.key_place(name)
                spot.findings.error("E110", f"unknown key `{name}` in `pv`", place, "write `read` and `write`")
                failed = True
                continue
            found[name] = self._text.read(item, spot.below(value, name))
            failed = failed or found[name] is FAILED
        if not value:
            return spot.error("E128", "the address is empty", "write `read`, `write` or both")
        return FAILED if failed else TwoAddresses(found.get("read"), found.get("write"))

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        two = {"read": {"type": "string"}, "write": {"type": "string"}}
        return {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "properties": two, "additionalProperties": False, "minProperties": 1},
            ]
        }


def after_prefix(suffix: Template) -> Template:
    """Return the address of a suffix: the prefix of the device and then the suffix."""
    return Template((Param(PREFIX), *[part for part in suffix.parts if part != ""]))


def readback_template(setpoint: Template) -> Template:
    """Return the address of the readback that belongs to a setpoint: `X` gives `X_RBV`."""
    *first, last = setpoint.parts
    if isinstance(last, Param):
        return Template((*first, last, readback_of("")))
    return Template((*first, readback_of(last)))


def address(
    protocol: str | None, target: Template | TwoAddresses, access: str, *, rbv: bool
) -> tuple[Address | None, str]:
    """Return the address that serves an access, or None and what is missing.

    :param target: one address for both directions, or two.
    """
    if isinstance(target, TwoAddresses):
        read, write = target.read, target.write
    else:
        write = target
        read = readback_template(target) if rbv else target
    if access != "w" and read is None:
        return None, "read"
    if access != "r" and write is None:
        return None, "write"
    return Address(protocol, None if access == "w" else read, None if access == "r" else write), ""
