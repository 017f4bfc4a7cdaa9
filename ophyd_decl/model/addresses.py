"""Where a value lives: `suffix`, `pv`, `attr`, `cmd`, `rbv`, `protocol`, and the templates that they become."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..blueprint import Address, Param, PviTemplate, TangoTemplate, Template
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.addresses import pvi_problem, readback_of, tango_name_problem, trl_problem
from .kinds import FAILED, Failed, Kind, Spot, shown
from .macros import report_macro

#: The param that `suffix` is joined to.
PREFIX = "prefix"
#: The param, and the key of a Tango device, that `attr` and `cmd` are joined to.
TRL = "trl"
#: The param, and the key of a PVI device, whose structure says where members without an address are.
PVI = "pvi"
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
        if literals and report_outer_blank(literals, spot) is not None:
            return FAILED
        return self._check_scheme(value, spot)

    def _check_scheme(self, template: Template, spot: Spot) -> Any:
        first = template.parts[0] if template.parts else ""
        if isinstance(first, str):
            scheme, separator, name = first.partition("://")
            if separator and (not self.whole or scheme not in _SCHEMES):
                help_text = "begin with `ca://` or `pva://`" if self.whole else "use `pv:` for a whole address"
                place = spot.holder.part_place(spot.key, scheme + separator)
                spot.findings.error("E122", f"`{scheme}://` cannot stand here", place, help_text)
                return FAILED
            if separator and not name and len(template.parts) == 1:
                return spot.error("E121", "the address is empty", f"write the name of a PV after `{first}`")
        return template

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string"}


def report_outer_blank(literals: Sequence[str], spot: Spot) -> Failed | None:
    """Report an address that begins or ends with a blank: nobody sees it, and no server answers."""
    if literals[0] == literals[0].lstrip() and literals[-1] == literals[-1].rstrip():
        return None
    return spot.error("E121", "the address begins or ends with a blank", "remove the blank inside the quotes")


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


class TangoName(Kind):
    """An attribute or command of a Tango device; gives a `Template`."""

    expected = "the name of an attribute or command"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the template of a name."""
        if value is UNKNOWN:
            return value
        if isinstance(value, str):
            value = Template((value,))
        if not isinstance(value, Template):
            return self.refuse(value, spot)
        for literal in value.parts:
            if not isinstance(literal, str):
                continue
            if report_macro(literal, spot) is not None:
                return FAILED
            problem = tango_name_problem(literal)
            if problem:
                return spot.error("E124", problem, "write the name alone; the device is its `trl`")
        return value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "minLength": 1}


class TangoDevice(Kind):
    """The TRL of a Tango device."""

    expected = "the TRL of a Tango device"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the text of a TRL."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, str):
            return self.refuse(value, spot)
        return FAILED if report_macro(value, spot) is not None or report_trl(value, spot) is not None else value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "minLength": 1}


def report_trl(text: str, spot: Spot) -> Failed | None:
    """Report a text that is no TRL; None if it is one."""
    problem = trl_problem(text)
    if not problem:
        return None
    help_text = "write `tango://host:port/domain/family/member`, `domain/family/member` or an alias"
    return spot.error("E124", f"{shown(text)} is no TRL: {problem}", help_text)


class PviDevice(Kind):
    """The PV of a PVI structure."""

    expected = "the PV of a PVI structure"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the name of a PV."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, str):
            return self.refuse(value, spot)
        return FAILED if report_macro(value, spot) is not None or report_pvi(value, spot) is not None else value

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "string", "minLength": 1}


def report_pvi(text: str, spot: Spot) -> Failed | None:
    """Report a text that is not the PV of a PVI structure; None if it is one."""
    problem = pvi_problem(text)
    return spot.error("E124", problem, "write the name alone, for instance `PANDA:PVI`") if problem else None


def _report_prefix(text: str, spot: Spot) -> Failed | None:
    return report_outer_blank((text,), spot)


#: Params of type `str` whose values have a form since addresses are made from them, and what reports another one.
FORMS: Mapping[str, Callable[[str, Spot], Failed | None]] = {PREFIX: _report_prefix, TRL: report_trl, PVI: report_pvi}


def from_structure(name: str, access: str) -> Address:
    """Return the address of a signal or command that the PVI structure of its device gives.

    :param name: of the member.
    """
    target = PviTemplate((Param(PVI), name))
    return Address("pva", None if access == "w" else target, None if access == "r" else target)


def part_of_structure(*path: str | int) -> PviTemplate:
    """Return which part of the structure of its parent a device is."""
    return PviTemplate((Param(PVI), *path), leaf=False)


def after_trl(name: Template) -> TangoTemplate:
    """Return the address of an attribute or command: the TRL of the device and then the name."""
    return TangoTemplate((Param(TRL), *name.parts))


def after_prefix(suffix: Template) -> Template:
    """Return the address of a suffix: the prefix of the device and then the suffix."""
    return Template((Param(PREFIX), *[part for part in suffix.parts if part != ""]))


def joined(name: str, target: Any, protocol: str | None) -> tuple[Any, str | None]:
    """Return the address that a key gives, joined to what it follows, and its protocol.

    :param name: `suffix`, `pv`, `attr` or `cmd`.
    """
    if name in ("attr", "cmd"):
        return target if target is UNKNOWN_ADDRESS else after_trl(target), "tango"
    if name == "suffix" and target is not UNKNOWN_ADDRESS:
        target = after_prefix(target)
    return target, protocol


def readback_template(setpoint: Template) -> Template:
    """Return the address of the readback that belongs to a setpoint: `X` gives `X_RBV`."""
    *first, last = setpoint.parts
    if isinstance(last, str):
        return Template((*first, readback_of(last)))
    return Template((*first, last, readback_of("")))


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
