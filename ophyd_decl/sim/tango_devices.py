"""The classes of Tango devices that the demo serves: their attributes are those of `attributes`."""

# pytango's types are partial; what is used of it is given types here.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUntypedFunctionDecorator=false

from typing import Any, ClassVar

from tango import AttrQuality, DevState
from tango.server import Device, attribute, command

from .attributes import Attributes


class PointsDevice(Device):
    """A device that shows points."""

    #: By name of device; filled before the server starts.
    points: ClassVar[dict[str, Attributes]] = {}
    busy: ClassVar[DevState] = DevState.RUNNING

    @property
    def mine(self) -> Attributes:
        """Return what this device shows."""
        return self.points[self.get_name().lower()]

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes."""
        self.set_change_event("State", True, False)
        for shown in self.mine.shown.values():
            setter = {"fset": self.write_one} if shown.writable else {}
            self.add_attribute(attribute(name=shown.name, fget=self.read_one, **setter, **shown.told))
            self.set_change_event(shown.name, True, False)
        self.mine.attach(self)

    def read_one(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        """Return the value of an attribute, and when it became that."""
        shown = self.mine.shown[attr.get_name()]
        return shown.value, shown.changed_at, AttrQuality.ATTR_VALID

    def write_one(self, attr: Any) -> None:
        """Take what a client writes."""
        self.mine.write(attr.get_name(), attr.get_write_value())

    def dev_state(self) -> DevState:
        """Return ON, or what it is while something runs."""
        return self.busy if self.mine.busy else DevState.ON

    def dev_status(self) -> str:
        """Say the same in words."""
        return f"The device is in {self.dev_state()} state."


class Motor(PointsDevice):
    """One axis: Position, Velocity, AccelerationTime, Done; its State is MOVING while it moves."""

    busy: ClassVar[DevState] = DevState.MOVING

    @command
    def Stop(self) -> None:  # noqa: N802  # names of Tango
        """End a move where it is."""
        self.mine.execute("Stop")


class PointDetector(PointsDevice):
    """The detector: AcquireTime, Acquiring, Value and Mode of each channel; its State is RUNNING while it counts."""

    @command
    def Start(self) -> None:  # noqa: N802
        """Begin to count."""
        self.mine.execute("Start")

    @command
    def Reset(self) -> None:  # noqa: N802
        """Forget the counts."""
        self.mine.execute("Reset")
