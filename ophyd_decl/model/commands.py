"""A command of the language: an address that is written to make something happen."""

from typing import Any

from ..blueprint import Address, CommandShape
from ..errors import Place
from ..source.findings import Findings
from ..source.plain import holds_unknown
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.datatypes import Datatype
from ..vocab.keywords import PROTOCOLS
from .addresses import PV, UNKNOWN_ADDRESS, AddressText, TangoName, address, from_structure, joined
from .blocks import RESERVED, Block, Key
from .connectors import CONNECTOR
from .datatypes import ArgumentType
from .kinds import Anything, Flag, Number, Text, Word
from .signal_kinds import WaitWord
from .signals import Surroundings, check_base
from .soft import misfit

COMMAND = Block(
    "a command",
    {
        "suffix": Key(AddressText(whole=False), "the rest of the PV after `prefix`"),
        "pv": Key(PV(), "the whole PV; may begin with `ca://` or `pva://`"),
        "cmd": Key(TangoName(), "command of the Tango device whose TRL is `trl`"),
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of an address without a scheme"),
        "value": Key(Anything(), "what is written; the argument of a Tango command", "1"),
        "wait": Key(WaitWord(), "whether it ends when the server has completed it", "true"),
        "timeout": Key(Number(gt=0), "longest time until it is completed, in s", "10"),
        "doc": Key(Text(), "what it does"),
        "when": Key(Flag(), "whether it exists at all", "true"),
        "arg": Key(ArgumentType(), "type of the argument of a Tango command: a dtype, or a mapping with it"),
        "connector": CONNECTOR,
        "returns": Key(ArgumentType(), "type of what a Tango command returns: a dtype, or a mapping with it"),
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
    if given:
        check_base(given[0], mapping, around)
    elif not around.pvi:
        where = "`cmd:`" if around.trl else "`suffix:` or `pv:`" if around.prefix else "`pv:`"
        findings.error("E128", "the command has no address", owner, f"add {where}")
    elif "protocol" in mapping:
        summary = "`protocol` goes with an address, and the PVI structure says where this is"
        findings.error("E115", summary, mapping.key_place("protocol"), "remove `protocol`, or add `pv:`")
    if given or around.pvi:
        _check_tango("cmd" in given[:1], values, mapping, findings)
    if findings.error_count != before:
        return None
    return _shape(key, given[0] if given else "", values, mapping, owner, around)


def _check_tango(tango: bool, values: dict[str, Any], mapping: LocatedMapping, findings: Findings) -> None:
    """Report keys that only a Tango command can have, those that it cannot have, and a value that does not fit."""
    if not tango:
        for key in ("arg", "returns"):
            if key in mapping:
                findings.error("E115", f"`{key}` goes with `cmd`", mapping.key_place(key), f"remove `{key}`")
        return
    if "protocol" in mapping:
        place = mapping.key_place("protocol")
        findings.error("E115", "`protocol` and `cmd` exclude each other", place, "remove `protocol`")
    if "value" not in mapping:
        return
    if "arg" not in mapping:
        place = mapping.key_place("value")
        findings.error("E115", "a command without `arg` takes no `value`", place, "add `arg:`, the type of the value")
    elif isinstance(values.get("arg"), Datatype) and not holds_unknown(values["value"]):
        problem = misfit(values["value"], values["arg"])
        if problem:
            findings.error("E121", problem, mapping.value_place("value"), "change the value, or `arg`")


def _shape(
    key: str, name: str, values: dict[str, Any], mapping: LocatedMapping, owner: Place, around: Surroundings
) -> CommandShape | None:
    """Return a command.

    :param name: of the key that gives its address; empty where the PVI structure does.
    """
    known = {key: value for key, value in values.items() if value is not UNKNOWN}
    found: Address | None = from_structure(key, "w")
    if name:
        target, protocol = joined(name, known.get(name, UNKNOWN_ADDRESS), known.get("protocol"))
        found, _ = address(protocol, target, "w", rbv=False)
    if found is None:
        place = mapping.value_place(name)
        around.findings.error("E128", "a command needs an address to write", place, "add `write:`")
        return None
    return CommandShape(
        key=key,
        address=found,
        value=known.get("value", None if name == "cmd" else 1),
        place=owner,
        doc=known.get("doc", "").strip(),
        timeout_s=known.get("timeout", around.timeouts.write),
        wait=known.get("wait", "yes"),
        argument=known.get("arg"),
        returns=known.get("returns"),
    )
