"""A signal of the language: its keys, the rules between them, and the `SignalShape` that it gives."""

from dataclasses import dataclass, field, replace
from typing import Any

from ..blueprint import Address, Derived, SignalShape, Soft, Timeouts
from ..errors import Place
from ..source.findings import Findings
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedMapping
from ..vocab.datatypes import Datatype
from ..vocab.keywords import ACCESSES, EVENTS, PROTOCOLS, SIGNAL_FORMATS
from .addresses import (
    PREFIX,
    PV,
    TRL,
    UNKNOWN_ADDRESS,
    AddressText,
    TangoName,
    TwoAddresses,
    address,
    from_structure,
    joined,
)
from .blocks import RESERVED, Block, Key
from .connectors import CONNECTOR
from .datatypes import DTYPES, MATCHES, Choices, Columns, ShapeOf, read_datatype
from .expected import Expected, read_expected_value
from .kinds import Anything, Flag, Number, Text, Word
from .signal_kinds import LimitsPair, RestorePhase, TimeoutSeconds, WaitWord, with_timeout
from .soft import read_initial

_ADDRESS_KEYS = {
    "suffix": Key(AddressText(whole=False), "the rest of the PV after `prefix`"),
    "pv": Key(PV(), "the whole PV, or `{read: …, write: …}`; may begin with `ca://` or `pva://`"),
    "attr": Key(TangoName(), "attribute of the Tango device whose TRL is `trl`"),
    "soft": Key(Anything(), "a value that lives in this process: its initial value, null for none"),
}
#: Keys that say where a value lives; one of them is there.
ORIGINS = tuple(_ADDRESS_KEYS)
#: Keys that every signal has, derived or not.
COMMON_KEYS = {
    "dtype": Key(Word(*DTYPES), "type of the value", required=True),
    "shape": Key(ShapeOf(), "size of each dimension, null where any will do"),
    "choices": Key(Choices(), "labels of an enum, or a mapping from a label to those that a server may show"),
    "match": Key(Word(*MATCHES), "how `choices` and the server's labels must agree", "exact"),
    "columns": Key(Columns(), "columns of a table and their dtypes"),
    "access": Key(Word(*ACCESSES), "whether it can be read (`r`), written (`w`) or both (`rw`)", "r"),
    "format": Key(Word(*SIGNAL_FORMATS), "how it takes part in the documents of its device", "none"),
    "doc": Key(Text(), "what it is"),
    "units": Key(Text(), "unit of the value"),
    "egu": Key(Text(), "unit of the value", replaced_by="units"),
    "precision": Key(Number(whole=True, ge=0, le=17), "digits after the point, for display"),
    "limits": Key(
        LimitsPair(),
        "lowest and highest value that may be written, of an array each element; null where an end is open",
    ),
    "timeout": Key(TimeoutSeconds(), "seconds that an operation may take, or `{connect, read, write}`", "5, 5, 10"),
    "retries": Key(
        Number(whole=True, ge=0, le=100),
        "how often a put that timed out or was not taken is tried again",
        "0",
    ),
    "wait": Key(WaitWord(), "whether a put waits for its completion: `true`, `false` or `non_zero`", "true"),
    "verify": Key(Word("none", "readback"), "whether a put compares the value after its completion", "none"),
    "poll": Key(Number(gt=0), "seconds between reads of a server that sends no updates"),
    "events": Key(Word(*EVENTS), "which updates of a Tango attribute are used", "auto"),
    "optional": Key(Flag(), "whether the device is whole without it", "false"),
    "name": Key(Text(), "replaces its name in documents"),
    "when": Key(Flag(), "whether it exists at all", "true"),
    "expect": Key(Expected(), "value that it must have when it connects, or `{ref: PATH}` to the signal that has it"),
    "restore": Key(
        RestorePhase(),
        "phase in which `settings restore` puts it, lowest first; `never` keeps it out of settings, as the setpoint "
        "of a movable is if nothing is said",
        "0",
    ),
    "connector": CONNECTOR,
}
SIGNAL = Block(
    "a signal",
    {
        **_ADDRESS_KEYS,
        "rbv": Key(Flag(), "writes `X` and reads `X_RBV`", "false"),
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of an address without a scheme"),
        **COMMON_KEYS,
    },
    RESERVED,
)


@dataclass(slots=True)
class Surroundings:
    """What a signal or command takes from the device that holds it.

    :param prefix: whether there is a param that `suffix` is joined to.
    :param trl: whether there is a TRL that `attr` and `cmd` are joined to.
    :param pvi: whether there is a PVI structure that says where members without an address are.
    :param timeouts: that hold where it says nothing.
    :param params: names of the params, for messages.
    """

    findings: Findings
    prefix: bool = False
    timeouts: Timeouts = field(default_factory=Timeouts)
    params: tuple[str, ...] = ()
    trl: bool = False
    pvi: bool = False


def read_signal(key: str, mapping: LocatedMapping, owner: Place, around: Surroundings) -> SignalShape | None:
    """Return a signal, or None after diagnostics.

    :param owner: its key in the file.
    """
    before = around.findings.error_count
    values = SIGNAL.read(mapping, around.findings, owner)
    shape = make_signal(key, values, mapping, owner, around)
    return shape if around.findings.error_count == before else None


def make_signal(
    key: str, values: dict[str, Any], mapping: LocatedMapping, owner: Place, around: Surroundings
) -> SignalShape | None:
    """Return a signal from the values of its keys, or None after diagnostics.

    :param values: those that are sound.
    """
    findings = around.findings
    before = findings.error_count
    datatype = read_datatype(values, mapping, findings, owner)
    _check_access(values, mapping, findings)
    origin = _origin(key, values, mapping, owner, around, datatype)
    if findings.error_count != before or datatype is None or origin is None:
        return None
    expect = read_expected_value(values, datatype, mapping, findings)
    if findings.error_count != before:
        return None
    shape = signal_shape(key, values, origin, datatype, owner, around.timeouts)
    return shape if expect is None else replace(shape, expect=expect)


def _check_access(values: dict[str, Any], mapping: LocatedMapping, findings: Findings) -> None:
    """Report keys that need an access which the signal has not."""
    access = values.get("access", "r")
    if access == "w" and values.get("format", "none") not in ("none", UNKNOWN):
        place = mapping.key_place("format")
        findings.error("E115", "a signal with `access: w` cannot be read into documents", place, "remove `format`")
    if access in ("r", "w") and values.get("verify") == "readback":
        place = mapping.key_place("verify")
        findings.error("E115", f"`verify: readback` does not go with `access: {access}`", place, "write `access: rw`")
    if access in ("r", "w") and isinstance(values.get("restore"), int):
        place = mapping.key_place("restore")
        findings.error("E115", f"`restore` does not go with `access: {access}`", place, "write `access: rw`")


def signal_shape(
    key: str,
    values: dict[str, Any],
    origin: Address | Soft | Derived,
    datatype: Datatype,
    place: Place,
    timeouts: Timeouts,
    access: str = "r",
) -> SignalShape:
    """Return the shape of a signal from values that are sound.

    :param access: what holds where the file says nothing.
    """
    if values.get("access") is UNKNOWN:
        # Nothing that refers to it is wrong before it is known.
        access = "rw"
    known = {name: value for name, value in values.items() if value is not UNKNOWN}
    return SignalShape(
        key=key,
        origin=origin,
        datatype=datatype,
        access=known.get("access", access),
        format=known.get("format", "none"),
        place=place,
        doc=known.get("doc", "").strip(),
        units=known.get("units"),
        precision=known.get("precision"),
        limits=known.get("limits"),
        timeouts=with_timeout(timeouts, known.get("timeout")),
        wait=known.get("wait", "yes"),
        verify=known.get("verify", "none"),
        retries=known.get("retries", 0),
        poll_s=known.get("poll"),
        events=known.get("events", "auto"),
        optional=known.get("optional", False),
        document_name=known.get("name"),
        restore=known.get("restore"),
    )


def _origin(
    key: str,
    values: dict[str, Any],
    mapping: LocatedMapping,
    owner: Place,
    around: Surroundings,
    datatype: Datatype | None,
) -> Address | Soft | None:
    """Return where the value lives, or None after a diagnostic."""
    findings = around.findings
    given = [name for name in mapping if name in ORIGINS]
    if not given and around.pvi:
        return _listed(key, values, mapping, findings)
    if not given:
        where = "`attr`" if around.trl else "`suffix` or `pv`" if around.prefix else "`pv`"
        findings.error("E128", "the signal has no address", owner, f"add {where}, or `soft:` with an initial value")
        return None
    if len(given) > 1:
        for name in given[1:]:
            findings.error(
                "E115", f"`{name}` and `{given[0]}` exclude each other", mapping.key_place(name), "keep one of them"
            )
        return None
    (name,) = given
    _check_tango(name, mapping, findings)
    if name == "soft":
        if "rbv" in mapping:
            findings.error("E115", "`rbv` and `soft` exclude each other", mapping.key_place("rbv"), "remove `rbv`")
        return None if datatype is None else read_initial(values["soft"], datatype, mapping, findings)
    if name not in values:
        return None
    if not check_base(name, mapping, around):
        return None
    return _address(name, values, mapping, findings)


def _listed(key: str, values: dict[str, Any], mapping: LocatedMapping, findings: Findings) -> Address | None:
    """Return the address that the PVI structure gives, or None after diagnostics."""
    _check_tango("", mapping, findings)
    extra = [name for name in ("rbv", "protocol") if name in mapping]
    for name in extra:
        summary = f"`{name}` goes with an address, and the PVI structure says where this is"
        findings.error("E115", summary, mapping.key_place(name), f"remove `{name}`, or add `pv:`")
    access = values.get("access", "r")
    return None if extra else from_structure(key, "rw" if access is UNKNOWN else access)


def check_base(name: str, mapping: LocatedMapping, around: Surroundings) -> bool:
    """Return whether there is what an address is joined to; report it if not.

    :param name: the key that gives the address.
    """
    if name == "suffix" and not around.prefix:
        base, other = PREFIX, "use `pv:`"
    elif name in ("attr", "cmd") and not around.trl:
        base, other = TRL, "write the device as `type: tango.device`"
    else:
        return True
    help_text = f"add a param `{base}`, or {other}; params: {listed(around.params)}"
    if name == "suffix" and around.trl:
        help_text = "write `attr:` for an attribute, `cmd:` for a command"
    around.findings.error("E128", f"`{name}` needs a param `{base}`", mapping.key_place(name), help_text)
    return False


def _check_tango(name: str, mapping: LocatedMapping, findings: Findings) -> None:
    """Report keys that do not go with a Tango attribute, or with nothing else."""
    for key in ("rbv", "protocol") if name == "attr" else ():
        if key in mapping:
            place = mapping.key_place(key)
            findings.error("E115", f"`{key}` and `attr` exclude each other", place, f"remove `{key}`")
    if name != "attr" and "events" in mapping:
        findings.error("E115", "`events` goes with `attr`", mapping.key_place("events"), "remove `events`")


def _address(name: str, values: dict[str, Any], mapping: LocatedMapping, findings: Findings) -> Address | None:
    given = UNKNOWN_ADDRESS if values[name] is UNKNOWN else values[name]
    protocol = None if values.get("protocol") is UNKNOWN else values.get("protocol")
    target, protocol = joined(name, given, protocol)
    access, rbv = values.get("access", "r"), values.get("rbv", False) is True
    if access is UNKNOWN:
        if isinstance(target, TwoAddresses):
            return Address(protocol, target.read, target.write)
        access = "rw"
    if rbv and isinstance(target, TwoAddresses):
        findings.error("E115", "`rbv` and two addresses exclude each other", mapping.key_place("rbv"), "remove `rbv`")
        return None
    if rbv and access != "rw":
        place = mapping.key_place("rbv")
        findings.error("E115", f"`rbv` goes with `access: rw`, not with `{access}`", place, "write `access: rw`")
        return None
    found, missing = address(protocol, target, access, rbv=rbv)
    if found is None:
        findings.error(
            "E128", f"`access: {access}` needs an address to {missing}", mapping.value_place(name), f"add `{missing}:`"
        )
    elif isinstance(target, TwoAddresses) and access != "rw" and target.read and target.write:
        surplus = "write" if access == "r" else "read"
        place = mapping[name].key_place(surplus)
        findings.error("E115", f"`access: {access}` has no use for `{surplus}`", place, "write `access: rw`")
    return found
