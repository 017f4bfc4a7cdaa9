"""A command of the language: an address that is written to make something happen."""

from typing import Any

from ..blueprint import CommandShape
from ..errors import Place
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.keywords import PROTOCOLS
from .addresses import PREFIX, PV, UNKNOWN_ADDRESS, AddressText, address, after_prefix
from .blocks import RESERVED, Block, Key
from .kinds import Anything, Flag, Number, Text, Word
from .signal_kinds import WaitWord
from .signals import Surroundings

COMMAND = Block(
    "a command",
    {
        "suffix": Key(AddressText(whole=False), "the rest of the PV after `prefix`"),
        "pv": Key(PV(), "the whole PV; may begin with `ca://` or `pva://`"),
        "cmd": Key(Text(), "command of a Tango device", later=True),
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of an address without a scheme"),
        "value": Key(Anything(), "what is written", "1"),
        "wait": Key(WaitWord(), "whether it ends when the server has completed it", "true"),
        "timeout": Key(Number(gt=0), "longest time until it is completed, in s", "10"),
        "doc": Key(Text(), "what it does"),
        "when": Key(Flag(), "whether it exists at all", "true"),
        "arg": Key(Anything(), "type of the argument of a Tango command", later=True),
        "returns": Key(Anything(), "type of what a Tango command returns", later=True),
    },
    RESERVED,
)
_ORIGINS = ("suffix", "pv", "cmd")


def read_command(key: str, mapping: LocatedMapping, owner: Place, around: Surroundings) -> CommandShape | None:
    """Return a command, or None after diagnostics."""
    findings = around.findings
    before = findings.error_count
    values = COMMAND.read(mapping, findings, owner)
    given = [name for name in mapping if name in _ORIGINS]
    for name in given[1:]:
        summary = f"`{name}` and `{given[0]}` exclude each other"
        findings.error("E115", summary, mapping.key_place(name), "keep one of them")
    if not given:
        findings.error("E128", "the command has no address", owner, "add `suffix:` or `pv:`")
    elif given[0] == "suffix" and not around.prefix:
        help_text = f"add a param `{PREFIX}`, or use `pv:`; params: {listed(around.params)}"
        findings.error("E128", f"`suffix` needs a param `{PREFIX}`", mapping.key_place("suffix"), help_text)
    if findings.error_count != before:
        return None
    return _shape(key, given[0], values, mapping, owner, around)


def _shape(
    key: str, name: str, values: dict[str, Any], mapping: LocatedMapping, owner: Place, around: Surroundings
) -> CommandShape | None:
    known = {key: value for key, value in values.items() if value is not UNKNOWN}
    target = known.get(name, UNKNOWN_ADDRESS)
    if name == "suffix" and target is not UNKNOWN_ADDRESS:
        target = after_prefix(target)
    found, _ = address(known.get("protocol"), target, "w", rbv=False)
    if found is None:
        place = mapping.value_place(name)
        around.findings.error("E128", "a command needs an address to write", place, "add `write:`")
        return None
    return CommandShape(
        key=key,
        address=found,
        value=known.get("value", 1),
        place=owner,
        doc=known.get("doc", "").strip(),
        timeout_s=known.get("timeout", around.timeouts.write),
        wait=known.get("wait", "yes"),
    )
