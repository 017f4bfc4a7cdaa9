"""Devices of a beamline: each is an instance of a type, a group, or one signal.

The way of an instance of a type is the hot path: a beamline has thousands of them. It makes no object but the
blueprint of the device, unless something is wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..blueprint import ConnectorChoice, DeviceBlueprint, Shape, Timeouts
from ..check.connectors import read_connector
from ..check.names import check_name
from ..check.overrides import NOTHING, read_overlay
from ..errors import Note, Place
from ..model.addresses import PVI, TRL
from ..model.blocks import Block
from ..model.kinds import Spot, shown
from ..model.params import ParamModel
from ..model.signal_kinds import with_timeout
from ..model.signals import SIGNAL, Surroundings, make_signal
from ..model.types import DEVICE, DEVICE_KEYS, GROUP, PVI_DEVICE, SIGNAL_DEVICE, STRUCTURE, TANGO_DEVICE
from ..resolve.expressions import OPENING
from ..resolve.pieces import Entry
from ..resolve.scope import Scope, expand, located
from ..source import Findings, LocatedList, LocatedMapping
from ..source.suggest import nearest
from ..source.tree import UNKNOWN
from .children import report_missing, report_unknown_param
from .draft import Draft
from .python_device import TYPE_NAME as PYTHON
from .python_device import python_shape, read_python_device
from .services import Services
from .shapes import ShapeBuilder, is_scalar
from .typebook import TypeModel

_TREES = (LocatedMapping, LocatedList)
#: Items of one `repeat` with mistakes; the others would hardly say anything new.
_MOST_FAILURES = 10


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where a device says nothing.

    :param python_allow: patterns of Python classes that may be loaded; None where they are not known.
    """

    protocol: str = "ca"
    connect: Any = "required"
    timeouts: Timeouts = field(default_factory=Timeouts)
    connector: ConnectorChoice | None = None
    python_allow: tuple[str, ...] | None = None


@dataclass(slots=True)
class PendingReference:
    """A param of type `ref` of one device, looked up when all devices are known."""

    device: str
    param: ParamModel
    value: Any
    spot: Spot


@dataclass(slots=True)
class Devices:
    """What was read of `devices`.

    :param failed: names of devices whose mistakes were reported.
    :param drafts: groups whose references are looked up when all devices are known.
    :param entries: where each device comes from.
    :param services: that references may lead to.
    :param open: there may be more, in a file that could not be read.
    :param arguments: those of Python classes, whose references are looked up when all devices are known.
    :param expected: entries of signals whose value is compared with that of another signal.
    """

    made: dict[str, DeviceBlueprint] = field(default_factory=dict[str, DeviceBlueprint])
    failed: set[str] = field(default_factory=set[str])
    absent: set[str] = field(default_factory=set[str])
    drafts: dict[str, Draft] = field(default_factory=dict[str, Draft])
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    open: bool = False
    pending: list[PendingReference] = field(default_factory=list[PendingReference])
    services: Services = field(default_factory=Services)
    arguments: dict[str, LocatedMapping] = field(default_factory=dict[str, LocatedMapping])
    expected: dict[str, LocatedMapping] = field(default_factory=dict[str, LocatedMapping])


class DeviceReader:
    """Reads the devices of a beamline."""

    def __init__(self, builder: ShapeBuilder, defaults: Defaults) -> None:
        self._builder = builder
        self._findings: Findings = builder.findings
        self._defaults = defaults
        self._models: dict[str, TypeModel | None] = {}
        #: names that the expressions of the entry see which is being read.
        self._scope = Scope({}, builder.findings)
        #: stands before the name of the entry which is being read, also in documents.
        self._prefix = ""
        self.devices = Devices()

    def read(self, entries: Iterable[Entry]) -> Devices:
        """Return all devices; mistakes are reported."""
        for entry in entries:
            if entry.is_plain:
                self._read(entry)
            elif entry.repetition is not None and entry.repetition.failures >= _MOST_FAILURES:
                self.devices.failed.add(entry.name)
            else:
                with entry.telling(self._findings):
                    self._read(entry)
        return self.devices

    def _read(self, entry: Entry) -> None:
        findings = self._findings
        before = findings.error_count
        name, body, place = entry.name, entry.body, entry.place
        self._scope, self._prefix = entry.scope, entry.piece.prefix
        self.devices.entries[name] = entry
        check_name(name, place, findings, what="device", top=True)
        if isinstance(body, LocatedMapping):
            self._device(name, body, place)
        else:
            summary = f"expected a mapping, got {shown(body)}"
            named = body if isinstance(body, str) and body else "NAME"
            findings.error("E120", summary, entry.mapping.value_place(entry.key), f"write `{{type: {named}, …}}`")
        if findings.error_count != before:
            self.devices.failed.add(name)
            if entry.repetition is not None:
                entry.repetition.failures += 1

    def _device(self, name: str, body: LocatedMapping, place: Place) -> None:
        kind = body.get("type")
        if kind == "group":
            self._in_place(name, body, place, GROUP, kind)
        elif kind == PYTHON:
            self._python(name, body, place)
        elif kind == "tango.device":
            self._in_place(name, body, place, TANGO_DEVICE, kind, (TRL,))
        elif kind == "pvi.device":
            self._in_place(name, body, place, PVI_DEVICE, kind, (PVI,))
        elif kind == "signal":
            self._signal(name, body, place)
        elif isinstance(kind, str):
            model = self._model(kind, body)
            if model is None:
                self.devices.failed.add(name)
                # Its params are not known, but what every device has can be checked.
                known = body.only(DEVICE_KEYS)
                DEVICE.read(self._heads(known), self._findings, place)
            else:
                self._instance(name, model, body, place)
        elif "type" in body:
            help_text = "write one name, for instance `epics.motor`"
            Spot(body, "type", self._findings).error(
                "E121", f"expected the name of a type, got {shown(kind)}", help_text
            )
        else:
            self._report_no_type(body, place)

    def _report_no_type(self, body: LocatedMapping, place: Place) -> None:
        findings = self._findings
        known = {**DEVICE_KEYS, **SIGNAL_DEVICE.keys, **GROUP.keys}
        misspelt = [key for key in body if key not in known and nearest(key, known) == "type"]
        if misspelt:
            place = body.key_place(misspelt[0])
            findings.error("E110", f"unknown key `{misspelt[0]}` in a device", place, "did you mean `type`?")
            return
        in_place = next(
            (name for name, keys in (("group", STRUCTURE), ("signal", SIGNAL.keys)) if {*body} & {*keys}), ""
        )
        help_text = f"add `type: {in_place}`" if in_place else "add `type:`, the name of its type"
        findings.error("E111", "`type` is missing in a device", place, help_text)

    def _model(self, kind: str, body: LocatedMapping) -> TypeModel | None:
        if kind not in self._models:
            model = self._builder.book.get(kind)
            if model is not None:
                self._builder.symbolic(model)
            self._models[kind] = model
        model = self._models[kind]
        if model is None:
            self._builder.book.report_unknown(kind, body.value_place("type"))
        elif not self._builder.book.is_usable(model, body):
            return None
        return model

    def _instance(self, name: str, model: TypeModel, body: LocatedMapping, place: Place) -> None:
        findings = self._findings
        before = findings.error_count
        own, values, references = self._given(name, model, body, place)
        own = self._own(own, model, body, place)
        if own.get("when") is False:
            self.devices.absent.add(name)
            return
        self.devices.pending.extend(references)
        if findings.error_count != before:
            return
        written = {key: self._as_written(model.params[key], values[key], body) for key in model.structural}
        shape = self._shape(model, written, own, Note(f"in the device `{name}`", place))
        if shape is None:
            self.devices.failed.add(name)
        else:
            self._add(name, shape, values, own, place, model.protocol)

    def _as_written(self, param: ParamModel, value: Any, body: LocatedMapping) -> Any:
        """Return the value of a param, a map or list with the places that it has in the file of the device."""
        written = body.get(param.name)
        if param.type not in ("map", "list") or value is UNKNOWN or not isinstance(written, _TREES):
            return value
        return expand(written, self._scope)

    def _given(
        self, name: str, model: TypeModel, body: LocatedMapping, place: Place
    ) -> tuple[dict[str, Any], dict[str, Any], list[PendingReference]]:
        """Return the keys that are no params, the values of the params, and those that are references."""
        findings, params = self._findings, model.params
        own: dict[str, Any] = {}
        values: dict[str, Any] = {}
        references: list[PendingReference] = []
        for key, value in body.items():
            param = params.get(key)
            if param is None:
                own[key] = value
                continue
            if type(value) is str:
                if OPENING in value:
                    value = located(self._scope.value(value, body, key), body, key)
                if param.plain_text and type(value) is str and "$" not in value and "{" not in value:
                    values[key] = value
                    continue
            elif isinstance(value, LocatedMapping | LocatedList):
                value = expand(value, self._scope)
            if value is None and param.type == "ref" and not param.required:
                values[key] = None
                continue
            if param.type == "ref" and value is not UNKNOWN:
                references.append(PendingReference(name, param, value, Spot(body, key, findings)))
            values[key] = param.read(value, Spot(body, key, findings)) if param.type != "ref" else None
        for key, param in params.items():
            if key not in values:
                if param.required:
                    report_missing(model, body, place, findings)
                    break
                values[key] = param.default
        return own, values, references

    def _own(self, own: dict[str, Any], model: TypeModel, body: LocatedMapping, place: Place) -> dict[str, Any]:
        """Return the values of the keys that are no params."""
        if len(own) == 1:
            return own
        if len(own) == 2 and "labels" in own and _are_plain_texts(own["labels"]):
            return own
        mapping = body.without(*model.params)
        for key in own:
            if key not in DEVICE_KEYS:
                if key not in model.failed_params:
                    report_unknown_param(key, body, model, DEVICE_KEYS, self._findings)
                mapping = mapping.without(key)
        heads = self._heads(mapping)
        values = DEVICE.read(heads, self._findings, place)
        return self._with_connector({key: value for key, value in values.items() if value is not UNKNOWN}, heads)

    def _heads(self, mapping: LocatedMapping) -> LocatedMapping:
        """Return the keys that every device has, with their expressions replaced but for that of its type."""
        return mapping.replaced(expand(mapping.without("type"), self._scope))

    def _shape(self, model: TypeModel, values: dict[str, Any], own: dict[str, Any], cause: Note) -> Shape | None:
        """Return the shape of an instance for the values of its structural params."""
        builder = self._builder
        timeouts = with_timeout(self._defaults.timeouts, own.get("timeout"))
        overlay = read_overlay(own.get("overrides"), self._findings) if "overrides" in own else NOTHING
        if not model.structural and timeouts is builder.timeouts and not overlay:
            shape = builder.symbolic(model)
        else:
            shape = builder.shape(model, values, timeouts, cause, overlay)
        return shape if builder.is_sound(model) else None

    def _add(
        self, name: str, shape: Shape, values: Mapping[str, Any], own: Mapping[str, Any], place: Place,
        protocol: str | None = None,
    ) -> None:  # fmt: skip
        defaults = self._defaults
        connect = "mock" if defaults.connect == "mock" else own.get("connect", defaults.connect)
        self.devices.made[name] = DeviceBlueprint(
            path=name,
            document_name=self._prefix + own["name"] if "name" in own else name,
            shape=shape,
            values=values,
            place=place,
            protocol=own.get("protocol") or protocol or defaults.protocol,
            connect=connect,
            labels=tuple(own.get("labels", ())),
            doc=own.get("doc", "").strip(),
            connector=own.get("connector") or defaults.connector,
            fill=own.get("fill", False),
        )

    def _with_connector(self, values: dict[str, Any], mapping: LocatedMapping) -> dict[str, Any]:
        """Return the values of keys with the connector that they name."""
        return {**values, "connector": read_connector(mapping, self._findings)} if "connector" in values else values

    def _python(self, name: str, body: LocatedMapping, place: Place) -> None:
        heads = self._heads(body.only(DEVICE_KEYS))
        before = self._findings.error_count
        own, python, arguments = read_python_device(
            body, heads, place, self._scope, self._defaults.python_allow, self._findings
        )  # fmt: skip
        if own.get("when") is False:
            self.devices.absent.add(name)
            return
        if arguments is not None:
            self.devices.arguments[name] = arguments
        if self._findings.error_count == before and python is not None:
            self._add(name, python_shape(place, own.get("doc", "").strip()), {}, own, place)
            self.devices.made[name] = replace(self.devices.made[name], python=python)

    def _in_place(
        self, name: str, body: LocatedMapping, place: Place, block: Block, kind: str, bases: tuple[str, ...] = ()
    ) -> None:
        """Read a device whose structure stands in place.

        :param bases: keys whose values addresses are joined to.
        """
        findings = self._findings
        before = findings.error_count
        model = self._builder.book.in_place(kind, body, place)
        _, values, references = self._given(name, model, body, place)
        names = {key: UNKNOWN if model.params[key].type == "ref" else value for key, value in values.items()}
        unknown = dict.fromkeys((*model.params, *model.failed_params), UNKNOWN)
        scope = self._scope.with_names({**unknown, **names})
        scope.constants, scope.open = frozenset(scope.values), model.body.open
        if model.params or model.body.open:
            body = self._without_params(body, model, block)
        structure = tuple(key for key in body if key not in block.keys or key in STRUCTURE)
        heads = self._heads(body.without(*structure))
        own = block.read(body.replaced(heads), findings, place)
        own = {key: value for key, value in own.items() if value is not UNKNOWN and key not in STRUCTURE}
        own = self._with_connector(own, heads)
        if own.get("when") is False:
            self.devices.absent.add(name)
            return
        self.devices.pending.extend(references)
        timeouts = with_timeout(self._defaults.timeouts, own.get("timeout"))
        overlay = read_overlay(own.get("overrides"), findings)
        draft = Draft(kind, place, own.get("doc", model.doc).strip())
        draft.constants = {key: value for key, value in scope.values.items() if is_scalar(value)}
        draft.params = {key: ParamModel(key, "float", place) for key, value in scope.values.items() if value is UNKNOWN}
        draft.params |= {key: param for key, param in model.params.items() if param.type == "ref"}
        self._builder.fill(draft, model.body, scope, timeouts, overlay, bases=(*bases, *unknown))
        self.devices.drafts[name] = draft
        given = {key: own.get(key) for key in bases}
        self._add(name, draft.preliminary(), {**values, **given}, own, place, model.protocol)
        if findings.error_count != before:
            self.devices.failed.add(name)

    def _without_params(self, body: LocatedMapping, model: TypeModel, block: Block) -> LocatedMapping:
        """Return what a device has beside the params of the types that it takes over."""
        foreign = [key for key in body if key not in block.keys and not key.startswith("x-")]
        if not model.body.open:
            for key in foreign:
                if key not in model.params and key not in model.failed_params:
                    report_unknown_param(key, body, model, block.keys, self._findings)
        return body.without(*foreign)

    def _signal(self, name: str, body: LocatedMapping, place: Place) -> None:
        findings = self._findings
        expanded: LocatedMapping = expand(body, self._scope)
        before = findings.error_count
        own = SIGNAL_DEVICE.read(expanded, findings, place)
        if own.get("when") is False:
            self.devices.absent.add(name)
            return
        shape = signal_device(name, own, expanded, place, Surroundings(findings, False, self._defaults.timeouts))
        if shape is not None and findings.error_count == before:
            own = {key: value for key, value in own.items() if value is not UNKNOWN}
            own = self._with_connector(own, expanded)
            if isinstance(expanded.get("expect"), LocatedMapping):
                self.devices.expected[name] = expanded
            self._add(name, shape, {}, own, place)


def signal_device(
    name: str, values: dict[str, Any], mapping: LocatedMapping, place: Place, around: Surroundings
) -> Shape | None:
    """Return the shape of a device that is one signal, or None after diagnostics.

    :param values: of its keys, those that are sound.
    """
    signal = make_signal(name, values, mapping, place, around)
    if signal is None:
        return None
    said = "format" in mapping or signal.access == "w"
    signal = replace(signal, document_name=None, carries_device_name=True, format=signal.format if said else "hinted")
    return Shape("signal", (signal,), (), place, (), signal.doc)


def _are_plain_texts(value: Any) -> bool:
    return type(value) is LocatedList and all(type(item) is str and OPENING not in item for item in value)
