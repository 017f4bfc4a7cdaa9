"""Devices of ophyd and ophyd-async for types of the library, and each difference with its reason.

The reference of the types shows this table; `test_peers` holds it against the classes themselves.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """A device of another library for one of our types.

    :param ours: the type.
    :param params: those that it is made with, beside `prefix`.
    :param commands: suffixes that a plan writes there, and that are commands here.
    :param missing: reason for which we leave PVs out, by suffix; a `*` in it stands for a number.
    :param types: dtype of theirs and of ours, with the reason, by suffix.
    :param sides: reason for which only one of both writes a PV, by suffix.
    :param more: reason for the PVs that only we have; empty for none.
    """

    library: str
    kind: str
    ours: str
    params: str = ""
    commands: tuple[str, ...] = ()
    missing: dict[str, str] = field(default_factory=dict[str, str])
    types: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    sides: dict[str, str] = field(default_factory=dict[str, str])
    more: str = ""

    @property
    def name(self) -> str:
        """Return the class as people write it."""
        return self.kind.replace(":", ".")


HOMING = "homing has no end that a client can tell from that of any other move; it is no move of a plan"
ENCODER = "the encoder and the steps of a turn are facts of the hardware; only the record works with them"
FLAG = ("int", "bool", "the record has 0 and 1 there and nothing else")
SETTING = "they are settings, which `settings restore` puts back"
MORE = "what says how a move ended (MISS, MSTA, LVIO, SPMG), and what the record moves with (BDST, RTRY)"
LABEL = ("str", "enum", "a menu has labels, which are checked")
COUNTED = "the record sets it; what is put there is lost"
COUNTERS = "how many channels the hardware has (NCH)"
PEERS = (
    Peer(
        "ophyd", "ophyd:EpicsMotor", "epics.motor",
        commands=(".STOP",),
        missing={".HOMF": HOMING, ".HOMR": HOMING, ".TDIR": "`moving` and the readback say it"},
        more=MORE,
    ),
    Peer(
        "ophyd-async", "ophyd_async.epics.motor:Motor", "epics.motor",
        commands=(".STOP",),
        missing={
            ".ERES": ENCODER, ".UREV": ENCODER, ".SREV": ENCODER,
            ".OUT": "the link to the hardware is none of a plan's business",
        },
        types={".DMOV": FLAG, ".HLS": FLAG, ".LLS": FLAG},
        sides=dict.fromkeys((".EGU", ".MRES", ".PREC", ".RDBD", ".VMAX"), SETTING),
        more=MORE,
    ),
    Peer(
        "ophyd", "ophyd.scaler:ScalerCH", "epics.scaler",
        params="n: 32",
        commands=(".CNT",),
        types={".CONT": LABEL, ".G*": LABEL},
        sides={".T": COUNTED},
        more=COUNTERS,
    ),
    Peer(
        "ophyd", "ophyd:EpicsScaler", "epics.scaler",
        params="n: 32",
        commands=(".CNT",),
        types={".CONT": LABEL},
        sides={".T": COUNTED},
        more=COUNTERS,
    ),
)  # fmt: skip
