"""What a plugin says about itself before any of its code is imported.

An entry point of the group `ophyd_decl.plugins` names a `PluginSpec`. Validation, JSON Schema and docs read its
options model; `factory` is imported only when a device that uses it is built. See decision 0003.
"""

import importlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from .errors import PluginError

API_VERSION = 1
ENTRY_POINT_GROUP = "ophyd_decl.plugins"

#: What a plugin gives to a device; the others are no part of a device: a `service` is something that devices use, a
#: `connector` speaks to a control system, and `types` are files with device types.
DeviceRole = Literal["movable", "triggerable", "detector", "flyer"]
RoleName = Literal["movable", "triggerable", "detector", "flyer", "service", "connector", "types"]


@dataclass(frozen=True, slots=True)
class ReferenceTo:
    """Marks a field of an options model as a path; `check` makes sure that it leads to this.

    :param kind: what must stand at the end of the path.
    :param writable: the signal must accept a put.
    :param readable: the signal must be readable.
    """

    kind: Literal["signal", "command", "movable", "device", "service"]
    writable: bool = False
    readable: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Marks a field of an options model as a formula over the signals beside it; they deliver every update.

    :param on_value: whether it is about a target, which is `value` in it.
    """

    on_value: bool = False


ReadableSignal = Annotated[str, ReferenceTo("signal", readable=True)]
WritableSignal = Annotated[str, ReferenceTo("signal", writable=True)]
SettableSignal = Annotated[str, ReferenceTo("signal", readable=True, writable=True)]
CommandPath = Annotated[str, ReferenceTo("command")]
ServicePath = Annotated[str, ReferenceTo("service")]
ConditionText = Annotated[str, Condition()]
ConditionOnValue = Annotated[str, Condition(on_value=True)]


class Options(BaseModel):
    """Base of every options model: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NoOptions(Options):
    """Options of a plugin that has none."""


@dataclass(frozen=True, slots=True)
class PluginSpec:
    """One plugin.

    :param name: the word after `use:`, the `type:` of a service; the name of the entry point.
    :param role: the role that it gives to a device, or `service`, `connector`, `types`.
    :param options: model of its options; path fields carry `ReferenceTo`, conditions `Condition`.
    :param factory: `module:attribute`. Of a role of devices: called as `factory(device, **options)` when a device is
        built; of a service or connector: as `factory(**options)`; of types: `package:folder` with files of kind types.
    :param carries_name: option fields in order; the signal that the first one given leads to carries the name of the
        device in documents and is `hinted` unless the file says otherwise.
    :param protocols: bluesky protocols that the role adds, for docs and checks.
    :param names: that the role adds to a device, or keeps for itself: no member may have one of them.
    """

    name: str
    role: RoleName
    options: type[Options]
    factory: str
    carries_name: tuple[str, ...] = ()
    protocols: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    api: int = API_VERSION
    doc: str = ""


class SetpointOptions(Options):
    """Move by writing a setpoint; the end is a condition, or put completion and tolerance."""

    setpoint: SettableSignal = Field(description="signal that is written with the target")
    readback: ReadableSignal | None = Field(None, description="signal that says where it is; default: the setpoint")
    done: ConditionText | None = Field(None, description="formula that is true when the move has ended")
    failed: ConditionText | None = Field(None, description="formula that is true when the move cannot succeed")
    allowed: ConditionOnValue | None = Field(
        None, description="formula over the target, `value`, that must be true before anything is sent; an interlock"
    )
    tolerance: float | None = Field(
        None, ge=0, description="largest distance of the readback from the target, in its unit"
    )
    settle: float = Field(0.0, ge=0, description="time that the end must hold before the move is done, in s")
    grace: float = Field(
        0.0, ge=0, description="time in which a `done` that starts true is waited for to become false, in s"
    )
    rests_at_target: bool = Field(
        False,
        description="whether it is at rest where it has come to its target, as a motor is, so that `grace` is not "
        "waited for there; not for what may pass its target, as a temperature does",
    )
    start: CommandPath | None = Field(None, description="command that starts the move after the setpoint was written")
    stop: CommandPath | None = Field(
        None, description="command that stops the move; executed at every stop unless `done` says that it stands"
    )
    velocity: ReadableSignal | None = Field(None, description="signal with the speed, for the time-out, in unit/s")
    acceleration_time: ReadableSignal | None = Field(
        None, description="signal with the time to reach the speed, for the time-out, in s"
    )
    timeout: float | None = Field(None, gt=0, description="longest time of a move, in s; default: from the speed")
    positions: dict[str, float | str | int] = Field(
        default_factory=dict[str, float | str | int], description="named positions and their values, in the unit"
    )


class MotorRecordOptions(Options):
    """Move an EPICS motor record; the end is the completion of the put, checked against what the record says."""

    setpoint: SettableSignal = Field(description="VAL")
    readback: ReadableSignal = Field(description="RBV")
    done: ReadableSignal = Field(description="DMOV, a bool")
    stop: CommandPath = Field(description="STOP, executed without waiting")
    velocity: ReadableSignal = Field(description="VELO, for the time-out")
    acceleration_time: ReadableSignal = Field(description="ACCL, for the time-out, in s")
    mode: ReadableSignal = Field(description="SPMG: Stop, Pause, Move, Go")
    set_or_use: ReadableSignal = Field(description="SET: Use, Set")
    beyond_limits: ReadableSignal = Field(description="LVIO, a bool")
    high_switch: ReadableSignal = Field(description="HLS, a bool")
    low_switch: ReadableSignal = Field(description="LLS, a bool")
    missed: ReadableSignal = Field(description="MISS, a bool")
    resolution: ReadableSignal = Field(description="MRES, nearer than which no target can be reached")
    deadband: ReadableSignal = Field(description="RDBD, at which the record tries again")
    backlash: ReadableSignal = Field(description="BDST, for the time-out")
    backlash_velocity: ReadableSignal = Field(description="BVEL, for the time-out")
    backlash_acceleration_time: ReadableSignal = Field(description="BACC, for the time-out, in s")
    tolerance: float | None = Field(
        None,
        ge=0,
        description="largest distance of the readback from the target; default: precision, MRES or RDBD of the record",
    )
    settle: float = Field(0.0, ge=0, description="time after the end before the readback counts, in s")
    timeout: float | None = Field(
        None, gt=0, description="longest time of a move, in s; default: from distance, velocity and acceleration"
    )
    positions: dict[str, float | str | int] = Field(
        default_factory=dict[str, float | str | int], description="named positions and their values, in the unit"
    )


class MotorFlyOptions(Options):
    """Fly an EPICS motor record at a constant velocity; the role `movable` of the same device moves it."""

    velocity: SettableSignal = Field(description="VELO, put back after the flight")
    max_velocity: ReadableSignal = Field(description="VMAX, 0 for none")
    base_velocity: ReadableSignal = Field(description="VBAS")
    acceleration_time: ReadableSignal = Field(description="ACCL, for the run-up, in s")
    backlash: ReadableSignal = Field(description="BDST, which must be 0 for a flight")
    resolution: ReadableSignal = Field(description="MRES")
    deadband: ReadableSignal = Field(description="RDBD, within which it may have left the start of the run-up")


class DerivedOptions(Options):
    """Move by setting a derived signal, which moves its inputs."""

    signal: SettableSignal = Field(description="derived signal that is set")
    timeout: float | None = Field(None, gt=0, description="longest time of a move, in s; default: that of its inputs")


class CoupledOptions(DerivedOptions):
    """Move by setting a derived signal that shares its inputs with others; their moves take turns."""

    timeout: float | None = Field(
        None, gt=0, description="longest time of a move and of the wait for its turn, in s; default: that of its inputs"
    )


class StartAndWaitOptions(Options):
    """Trigger by a command, and wait until a condition says that the data are there."""

    start: CommandPath = Field(description="command that starts one acquisition")
    reset: CommandPath | None = Field(None, description="command that is executed before the start")
    stop: CommandPath | None = Field(
        None, description="command that ends an acquisition; executed where a trigger is cancelled, or late"
    )
    done: ConditionText | None = Field(
        None, description="formula that is true when the data are there; default: completion of `start`"
    )
    failed: ConditionText | None = Field(None, description="formula that is true when the acquisition failed")
    exposure: ReadableSignal | None = Field(None, description="signal with the exposure time, for the time-out, in s")
    grace: float = Field(
        0.0, ge=0, description="time in which a `done` that starts true is waited for to become false, in s"
    )
    timeout: float | None = Field(
        None, gt=0, description="longest time of an acquisition, in s; default: exposure + 10 s"
    )


#: An absolute path in the notation of POSIX, or of Windows: `C:/data`, `\\\\server\\data`.
ABSOLUTE_PATH = r"^(/|[A-Za-z]:[/\\]|\\\\)[^\n]*$"


class UuidPathOptions(Options):
    """Files of one folder, each with a name that no other file has."""

    root: str = Field(
        pattern=ABSOLUTE_PATH,
        description="folder that the files are written to, an absolute path on their writer's disk",
    )
    make_folders: bool = Field(False, description="whether the folder is made, by this process, where it is missing")
    suffix: str = Field(
        "", pattern=r"^[^/\\\n]*$", description="stands after the name of each file, such as `.h5`; default: none"
    )


#: The plugins that travel with the package; others are found by entry point.
SHIPPED: tuple[PluginSpec, ...] = (
    PluginSpec(
        "setpoint",
        "movable",
        SetpointOptions,
        "ophyd_decl.logic.setpoint:SetpointMove",
        carries_name=("readback", "setpoint"),
        protocols=("Movable", "Locatable", "Stoppable", "Checkable", "Subscribable"),
        doc="writes a setpoint and waits for a condition, or for completion and tolerance",
    ),
    PluginSpec(
        "motor_record",
        "movable",
        MotorRecordOptions,
        "ophyd_decl.logic.motor_record:MotorRecordMove",
        carries_name=("readback",),
        protocols=("Movable", "Locatable", "Stoppable", "Checkable", "Subscribable"),
        doc="puts VAL of an EPICS motor record and asks the record why, where it does not get there",
    ),
    PluginSpec(
        "motor",
        "flyer",
        MotorFlyOptions,
        "ophyd_decl.logic.motor_fly:MotorFly",
        protocols=("Preparable", "Flyable"),
        doc="flies a motor record at a constant velocity from one position to another",
    ),
    PluginSpec(
        "derived",
        "movable",
        DerivedOptions,
        "ophyd_decl.logic.derived:DerivedMove",
        carries_name=("signal",),
        protocols=("Movable", "Locatable", "Stoppable", "Checkable", "Subscribable"),
        doc="sets a derived signal, which moves its inputs together",
    ),
    PluginSpec(
        "coupled",
        "movable",
        CoupledOptions,
        "ophyd_decl.logic.coupled:CoupledMove",
        carries_name=("signal",),
        protocols=("Movable", "Locatable", "Stoppable", "Checkable", "Subscribable"),
        doc="sets a derived signal that shares what it moves with others, such as gap and centre; they take turns",
    ),
    PluginSpec(
        "start_and_wait",
        "triggerable",
        StartAndWaitOptions,
        "ophyd_decl.logic.start_and_wait:StartAndWait",
        protocols=("Triggerable",),
        doc="executes a command and waits for a condition",
    ),
    PluginSpec(
        "path.uuid",
        "service",
        UuidPathOptions,
        "ophyd_decl.flyscan.paths:UuidPaths",
        doc="says where files are written: one folder, and a new uuid as the name of each file",
    ),
    PluginSpec("ca", "connector", NoOptions, "ophyd_decl.connectors.ca:CaConnector", doc="EPICS Channel Access"),
    PluginSpec("pva", "connector", NoOptions, "ophyd_decl.connectors.pva:PvaConnector", doc="EPICS pvAccess"),
)


def marker_of(options: type[Options], field: str) -> ReferenceTo | Condition | None:
    """Return how a field of an options model is marked, or None; a marker inside `… | None` counts."""
    info = options.model_fields.get(field)
    return None if info is None else _marker(info.annotation, info.metadata)


def _marker(annotation: Any, metadata: Iterable[Any]) -> ReferenceTo | Condition | None:
    for mark in metadata:
        if isinstance(mark, ReferenceTo | Condition):
            return mark
    for inner in get_args(annotation):
        found = _marker(inner, getattr(inner, "__metadata__", ()))
        if found is not None:
            return found
    return None


def factory_of(spec: PluginSpec) -> Callable[..., Any]:
    """Return what makes the thing that a plugin is for; its module is imported here, and not before.

    :raises PluginError: if that cannot be imported; names the distribution.
    """
    module, _, attribute = spec.factory.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # a plugin may do anything at import
        problem = f"its factory `{spec.factory}` cannot be imported: {type(error).__name__}: {error}"
        raise PluginError(spec.name, _distribution_of(module), problem) from error


def make(spec: PluginSpec, options: Mapping[str, Any]) -> Any:
    """Return what a plugin makes from its options alone: a connector, or a service.

    :raises PluginError: if it fails; names the distribution.
    """
    factory = factory_of(spec)
    try:
        return factory(**options)
    except (Exception, SystemExit) as error:  # it is the code of others
        problem = f"its factory `{spec.factory}` raised {type(error).__name__}: {error}"
        raise PluginError(spec.name, _distribution_of(spec.factory), problem) from error


def _distribution_of(module: str) -> str:
    """Return the installed distribution that brought a module; its first package where none is known."""
    from importlib.metadata import packages_distributions

    package = module.partition(":")[0].partition(".")[0]
    return next(iter(packages_distributions().get(package, ())), package)
