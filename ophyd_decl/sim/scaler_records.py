"""Scaler records in the IOC of the demo."""

from collections.abc import Iterator, Sequence

from .database import load_text
from .mover import Mover
from .record_type import RecordType
from .scaler_record import CHANNELS, ScalerRecord

#: NM1 to NM4 of a record: two are the same, one is empty.
_NAMES = ("clock", "I0", "It", "It")
#: Menus, fields and types of the record; names and types are those of scalerRecord.md of the EPICS scaler module.
_MENUS = {
    "scalerCNT": ("Done", "Count"),
    "scalerCONT": ("OneShot", "AutoCount"),
    "scalerG1": ("N", "Y"),
}
_FIELDS = (
    'field(VAL, DBF_DOUBLE) { prompt("Result") special(SPC_NOMOD) }',
    'field(CNT, DBF_MENU) { prompt("Count") pp(TRUE) menu(scalerCNT) }',
    'field(CONT, DBF_MENU) { prompt("OneShot/AutoCount") menu(scalerCONT) }',
    'field(FREQ, DBF_DOUBLE) { prompt("Time base freq") initial("10000000") }',
    'field(TP, DBF_DOUBLE) { prompt("Time Preset") special(SPC_MOD) initial("1") }',
    'field(TP1, DBF_DOUBLE) { prompt("Auto Time Preset") initial("1") }',
    'field(T, DBF_DOUBLE) { prompt("Timer") special(SPC_NOMOD) }',
    'field(DLY, DBF_FLOAT) { prompt("Delay") }',
    'field(DLY1, DBF_FLOAT) { prompt("Auto-mode Delay") }',
    'field(RATE, DBF_FLOAT) { prompt("Display Rate (Hz)") initial("10") }',
    'field(RAT1, DBF_FLOAT) { prompt("Auto Display Rate (Hz)") }',
    'field(NCH, DBF_SHORT) { prompt("Number of Channels") special(SPC_NOMOD) initial("8") }',
    'field(PREC, DBF_SHORT) { prompt("Display Precision") initial("3") prop(YES) }',
    'field(EGU, DBF_STRING) { prompt("Units Name") size(8) prop(YES) }',
)
_FIELDS_OF_A_COUNTER = (
    'field(S{n}, DBF_ULONG) {{ prompt("Scaler {n}") special(SPC_NOMOD) }}',
    'field(PR{n}, DBF_ULONG) {{ prompt("Preset {n}") special(SPC_MOD) }}',
    'field(G{n}, DBF_MENU) {{ prompt("Gate Control {n}") special(SPC_MOD) menu(scalerG1) }}',
    'field(NM{n}, DBF_STRING) {{ prompt("Scaler {n} name") size(40) }}',
)


def make_scaler_records(names: Sequence[str]) -> None:
    """Make one scaler of each name, with eight counters; call it before the IOC starts."""
    mover = Mover()
    load_text(".dbd", "\n".join(_definition()))
    RecordType("scaler", lambda fields: ScalerRecord(fields, mover.add))
    named = " ".join(f'field(NM{number}, "{name}")' for number, name in enumerate(_NAMES, 1))
    load_text(".db", "".join(f'record(scaler, "{name}") {{ {named} }}\n' for name in names))


def _definition() -> Iterator[str]:
    for menu, choices in _MENUS.items():
        words = " ".join(f'choice({menu}_{choice}, "{choice}")' for choice in choices)
        yield f"menu({menu}) {{ {words} }}"
    yield 'recordtype(scaler) { include "dbCommon.dbd"'
    yield from _FIELDS
    for number in range(1, CHANNELS + 1):
        yield from (field.format(n=number) for field in _FIELDS_OF_A_COUNTER)
    yield "}"
