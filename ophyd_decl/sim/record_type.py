"""A record type of EPICS whose support is Python: the IOC itself serves every field of it, with put completion.

The only module that reaches into EPICS database structures. Fields are laid out here in the memory of the record, so
that Channel Access and pvAccess, links, access rights and put notification are those of EPICS base. What a record does
when it is processed is the support's, which gets `Fields` and knows nothing of EPICS.

Everything that a support does runs under the lock of its record, in whatever thread the IOC uses.

Source: EPICS base 7.0, `dbBase.h`, `recSup.h`, `dbAddr.h` and the Application Developer's Guide, "Record Support".
"""

# ctypes and the libraries of EPICS have no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

import ctypes
import logging
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ClassVar, Protocol, cast

log = logging.getLogger("ophyd_decl.sim")
_ioc = cast(Any, import_module("epicscorelibs.ioc"))
_core: Any = _ioc.dbCore

_Pointer = ctypes.c_void_p
#: DBE_VALUE, DBE_LOG, DBE_ALARM and DBE_PROPERTY of `caeventmask.h`.
VALUE, ALARM, PROPERTY = 1 | 2, 4, 8


class _List(ctypes.Structure):
    _fields_: ClassVar = [("first", _Pointer), ("last", _Pointer), ("count", ctypes.c_int)]


class _Field(ctypes.Structure):
    """`dbFldDes`."""

    _fields_: ClassVar = [
        ("prompt", ctypes.c_char_p),
        ("name", ctypes.c_char_p),
        ("extra", ctypes.c_char_p),
        ("record_type", _Pointer),
        ("index", ctypes.c_short),
        ("special", ctypes.c_short),
        ("field_type", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("base", ctypes.c_int),
        ("prompt_group", ctypes.c_short),
        ("interest", ctypes.c_short),
        ("level", ctypes.c_int),
        ("initial", ctypes.c_char_p),
        ("private", _Pointer),
        ("size", ctypes.c_short),
        ("offset", ctypes.c_ushort),
    ]


class _Type(ctypes.Structure):
    """`dbRecordType`."""

    _fields_: ClassVar = [
        ("node", _Pointer * 2),
        ("attributes", _List),
        ("records", _List),
        ("devices", _List),
        ("definitions", _List),
        ("name", ctypes.c_char_p),
        ("no_fields", ctypes.c_short),
        ("no_prompt", ctypes.c_short),
        ("no_links", ctypes.c_short),
        ("no_aliases", ctypes.c_short),
        ("link_indices", _Pointer),
        ("sorted_names", _Pointer),
        ("sorted_indices", _Pointer),
        ("value_field", _Pointer),
        ("value_index", ctypes.c_short),
        ("fields", ctypes.POINTER(ctypes.POINTER(_Field))),
        ("support", _Pointer),
        ("record_size", ctypes.c_int),
    ]


class _Address(ctypes.Structure):
    """`dbAddr`."""

    _fields_: ClassVar = [("record", _Pointer), ("data", _Pointer), ("field", ctypes.POINTER(_Field))]


class _Range(ctypes.Structure):
    """`dbr_grDouble` and `dbr_ctrlDouble`."""

    _fields_: ClassVar = [("high", ctypes.c_double), ("low", ctypes.c_double)]


_OnRecord = ctypes.CFUNCTYPE(ctypes.c_long, _Pointer)
_OnPass = ctypes.CFUNCTYPE(ctypes.c_long, _Pointer, ctypes.c_int)
_OnSpecial = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(_Address), ctypes.c_int)
_OnUnits = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(_Address), _Pointer)
_OnPrecision = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(_Address), ctypes.POINTER(ctypes.c_long))
_OnRange = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.POINTER(_Address), ctypes.POINTER(_Range))


class _Support(ctypes.Structure):
    """`rset`."""

    _fields_: ClassVar = [
        ("number", ctypes.c_long),
        ("report", _Pointer),
        ("init", _Pointer),
        ("init_record", _OnPass),
        ("process", _OnRecord),
        ("special", _OnSpecial),
        ("get_value", _Pointer),
        ("cvt_dbaddr", _Pointer),
        ("get_array_info", _Pointer),
        ("put_array_info", _Pointer),
        ("get_units", _OnUnits),
        ("get_precision", _OnPrecision),
        ("get_enum_str", _Pointer),
        ("get_enum_strs", _Pointer),
        ("put_enum_str", _Pointer),
        ("get_graphic_double", _OnRange),
        ("get_control_double", _OnRange),
        ("get_alarm_double", _Pointer),
    ]


_SizeOffset = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(_Type))


class _Location(ctypes.Structure):
    """`recordTypeLocation`."""

    _fields_: ClassVar = [("support", ctypes.POINTER(_Support)), ("size_offset", _SizeOffset)]


_UNITS_SIZE = 16
#: C types by `dbfType` of `dbFldTypes.h`; 0 is a string, 11 an enum, 12 a menu.
_C_TYPES = {
    1: ctypes.c_int8, 2: ctypes.c_uint8, 3: ctypes.c_int16, 4: ctypes.c_uint16, 5: ctypes.c_int32, 6: ctypes.c_uint32,
    7: ctypes.c_int64, 8: ctypes.c_uint64, 9: ctypes.c_float, 10: ctypes.c_double, 11: ctypes.c_uint16,
    12: ctypes.c_uint16,
}  # fmt: skip


class Support(Protocol):
    """What one record does."""

    def before_put(self, field: str) -> None:
        """Take note that a client is about to put a field with SPC_MOD."""
        ...

    def after_put(self, field: str) -> None:
        """Take note of what a client has put to a field with SPC_MOD."""
        ...

    def process(self) -> bool:
        """Do what the fields ask for; return whether it has ended, which completes the puts that wait for it."""
        ...

    def limits(self, field: str) -> tuple[float, float] | None:
        """Return the range of the values of a field, low and high; None where it has none."""
        ...

    def units(self, field: str) -> str:
        """Return the unit of a field."""
        ...


class Fields:
    """The fields of one record, by name, in the memory that the IOC serves.

    :ivar name: of the record.
    """

    def __init__(self, record: int, layout: Mapping[str, tuple[int, Any]], own: Sequence[str]) -> None:
        self._record = record
        self._cells = {name: cell.from_address(record + offset) for name, (offset, cell) in layout.items()}
        #: what clients were told last of the fields that only this type has.
        self._told = {name: self[name] for name in own}
        self.name: str = self["NAME"]

    def __getitem__(self, name: str) -> Any:
        """Return the value of a field: a number, or text."""
        value = self._cells[name].value
        return value.decode(errors="replace") if isinstance(value, bytes) else value

    def __setitem__(self, name: str, value: Any) -> None:
        """Give a field a value; clients get it at the next post."""
        self._cells[name].value = value

    def post(self, *names: str) -> None:
        """Tell clients of these fields now."""
        for name in names:
            self._told[name] = self[name]
            _core.db_post_events(self._record, ctypes.addressof(self._cells[name]), VALUE)

    def post_changes(self, alarm: int = 0) -> None:
        """Tell clients of every field that has changed since it was posted.

        :param alarm: mask of alarm events, for the fields that carry the alarm.
        """
        for name, told in self._told.items():
            value, cell = self[name], self._cells[name]
            mask = alarm if name in ("VAL", "RBV", "DVAL", "DRBV") else 0
            if value != told:
                self._told[name] = value
                mask |= VALUE | (PROPERTY if name in ("HLM", "LLM", "DHLM", "DLLM", "OFF") else 0)
            if mask:
                _core.db_post_events(self._record, ctypes.addressof(cell), mask)

    def alarm(self, status: int, severity: int) -> None:
        """Raise an alarm for this processing, unless there is a worse one."""
        _core.recGblSetSevr(self._record, status, severity)

    @contextmanager
    def locked(self) -> Generator[None]:
        """Keep the record for this thread."""
        _core.dbScanLock(self._record)
        try:
            yield
        finally:
            _core.dbScanUnlock(self._record)

    def process(self) -> None:
        """Have the IOC process the record; only while it is locked."""
        _core.dbProcess(self._record)


class RecordType:
    """A record type.

    :param name: as in the database definition, which is loaded already.
    :param make: makes the support of a record, when the record is initialized.
    """

    #: The IOC points into them for as long as the process lives.
    _made: ClassVar["list[RecordType]"] = []

    def __init__(self, name: str, make: Callable[[Fields], Support]) -> None:
        self._made.append(self)
        self._make = make
        self._layout: dict[str, tuple[int, Any]] = {}
        self._own: list[str] = []
        self._records: dict[int, tuple[Fields, Support]] = {}
        _declare_functions()
        self._support = _Support(
            number=17,
            init_record=_OnPass(self._init_record),
            process=_OnRecord(self._process),
            special=_OnSpecial(self._special),
            get_units=_OnUnits(self._get_units),
            get_precision=_OnPrecision(self._get_precision),
            get_graphic_double=_OnRange(self._get_range),
            get_control_double=_OnRange(self._get_range),
        )
        self._names = (ctypes.c_char_p * 1)(name.encode())
        self._location = _Location(ctypes.pointer(self._support), _SizeOffset(self._lay_out))
        _core.registerRecordTypes(_ioc.pdbbase, 1, self._names, ctypes.byref(self._location))

    def _lay_out(self, pointer: Any) -> int:
        """Give each field its place; those that every record has are where they are in an ai."""
        record_type = pointer.contents
        common = _common_fields()
        end = max(offset + size for offset, size in common.values())
        for index in range(record_type.no_fields):
            field = record_type.fields[index].contents
            name = field.name.decode()
            if name in common:
                field.offset, field.size = common[name]
            else:
                cell = _C_TYPES.get(field.field_type)
                if cell is not None:
                    field.size = ctypes.sizeof(cell)
                    end += -end % field.size
                field.offset = end
                end += field.size
                self._own.append(name)
            if field.field_type == 0:
                self._layout[name] = field.offset, ctypes.c_char * field.size
            elif field.field_type in _C_TYPES:
                self._layout[name] = field.offset, _C_TYPES[field.field_type]
        record_type.record_size = end + -end % 8
        return 0

    def _init_record(self, record: int, stage: int) -> int:
        if stage == 1:
            fields = Fields(record, self._layout, self._own)
            self._records[record] = fields, self._make(fields)
            fields["UDF"] = 0
            _core.recGblGetTimeStamp(record)
            _core.recGblResetAlarms(record)  # its values are defined, before it is ever processed
        return 0

    def _process(self, record: int) -> int:
        fields, support = self._records[record]
        if fields["PACT"]:
            return 0
        fields["PACT"] = 1
        try:
            ended = support.process()
        except Exception:
            log.exception("%s cannot be processed", fields.name)
            ended = True
        _core.recGblGetTimeStamp(record)
        fields.post_changes(_core.recGblResetAlarms(record))
        if ended:
            _core.recGblFwdLink(record)
        fields["PACT"] = 0
        return 0

    def _special(self, address: Any, after: int) -> int:
        support = self._records[address.contents.record][1]
        name = _name(address)
        try:
            (support.after_put if after else support.before_put)(name)
        except Exception:
            log.exception("a put to %s fails", name)
            return -1
        return 0

    def _get_units(self, address: Any, text: int) -> int:
        units = self._records[address.contents.record][1].units(_name(address)).encode()[: _UNITS_SIZE - 1]
        ctypes.memmove(text, units + b"\0", len(units) + 1)
        return 0

    def _get_precision(self, address: Any, precision: Any) -> int:
        precision[0] = self._records[address.contents.record][0]["PREC"]
        return 0

    def _get_range(self, address: Any, both: Any) -> int:
        limits = self._records[address.contents.record][1].limits(_name(address))
        if limits is None:
            _core.recGblGetControlDouble(address, both)
        else:
            both.contents.low, both.contents.high = limits
        return 0


def _name(address: Any) -> str:
    return address.contents.field.contents.name.decode()


def _common_fields() -> dict[str, tuple[int, int]]:
    """Return offset and size of the fields that every record has: those of an ai before its VAL."""
    fields = cast(Any, import_module("softioc.imports")).get_field_offsets("ai")
    own = fields["VAL"][0]
    return {name: (offset, size) for name, (offset, size, _) in fields.items() if offset < own}


def _declare_functions() -> None:
    """Give the functions of EPICS base their types; without them a pointer would be cut to an int."""
    _core.registerRecordTypes.argtypes = [_Pointer, ctypes.c_int, _Pointer, _Pointer]
    _core.registerRecordTypes.restype = None
    _core.db_post_events.argtypes = [_Pointer, _Pointer, ctypes.c_uint]
    _core.recGblSetSevr.argtypes = [_Pointer, ctypes.c_ushort, ctypes.c_ushort]
    _core.recGblResetAlarms.argtypes = [_Pointer]
    _core.recGblResetAlarms.restype = ctypes.c_ushort
    _core.recGblGetTimeStamp.argtypes = [_Pointer]
    _core.recGblGetTimeStamp.restype = None
    _core.recGblFwdLink.argtypes = [_Pointer]
    _core.recGblFwdLink.restype = None
    _core.recGblGetControlDouble.argtypes = [_Pointer, _Pointer]
    _core.recGblGetControlDouble.restype = None
    for name in ("dbScanLock", "dbScanUnlock"):
        getattr(_core, name).argtypes = [_Pointer]
        getattr(_core, name).restype = None
    _core.dbProcess.argtypes = [_Pointer]
    _core.dbProcess.restype = ctypes.c_long
