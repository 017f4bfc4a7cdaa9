"""A Tango device with an attribute of each kind that the tests need, and commands to go with them.

A value carries the time of its last change, not that of a read. What a client writes becomes the value; the methods
`test_...` are what a test does on the server's side, without a client.
"""

import json
import time
from typing import Any

import numpy as np
from tango import AttrQuality, AttrWriteType, AutoTangoMonitor, DevFailed, DevState, Except, SerialModel, Util
from tango.server import attribute

from .tango_attributes import MOVE_S, Kind, attributes
from .tango_commands import Commands

#: Set by the program before a device is made: labels of the enums, and how many attributes `n0`, `n1`, ... there are.
labels: list[str] = ["Low", "High", "Off"]
count = 0


class Lab(Commands):
    """The device; its attributes stand in `tango_attributes`."""

    def init_device(self) -> None:
        """Begin with the first values."""
        super().init_device()
        self.kinds: dict[str, Kind] = attributes(labels, count)
        self.values = {name: kind.value for name, kind in self.kinds.items()}
        self.times = dict.fromkeys(self.kinds, time.time())
        self.qualities = {name: kind.quality for name, kind in self.kinds.items()}
        self.reads = 0
        self.slow, self.slow_s = "slow", 0.0
        self.writing = False
        self.set_state(DevState.ON)

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes."""
        for name, kind in self.kinds.items():
            told = {"name": name, "dtype": kind.shaped, "access": kind.access, **kind.shape, **kind.told}
            self.add_attribute(attribute(fget=self.read_one, fset=self.write_one, **told))
            self.announce(name)

    def announce(self, name: str) -> None:
        """Say of which events of an attribute clients will be told."""
        for event in self.kinds[name].pushes:
            if event == "data_ready":
                self.set_data_ready_event(name, True)
            else:
                getattr(self, f"set_{event}_event")(name, True, False)

    def read_one(self, attr: Any) -> tuple[Any, float, AttrQuality]:
        """Return what an attribute shows."""
        name = attr.get_name()
        self.reads += 1
        if name == "raising":
            raise RuntimeError("the sensor is not connected")
        if name == self.slow:
            time.sleep(self.slow_s)
        if name == "counter":
            self.values[name] += 1
            self.times[name] = time.time()
        if self.kinds[name].dtype == "DevEncoded":
            return *self.values[name], self.times[name], self.qualities[name]  # type: ignore[return-value]
        return self.values[name], self.times[name], self.qualities[name]

    def write_one(self, attr: Any) -> None:
        """Take what a client writes."""
        name = attr.get_name()
        value = attr.get_write_value()
        if name == "disabled":
            Except.throw_exception("Lab_Disabled", "disabled by the lab", "Lab.write_one")
        if name == self.slow:
            self.writing = True
            time.sleep(self.slow_s)
            self.writing = False
        if name == "axis":
            time.sleep(MOVE_S)
            self.change("arrived", value)
        self.change(name, value)

    def change(self, name: str, value: Any) -> None:
        """Give an attribute a value, and send the events of it that the server pushes."""
        self.values[name] = value
        self.times[name] = time.time()
        for event in self.kinds[name].pushes:
            if event == "data_ready":
                self.push_data_ready_event(name, self.reads)
            else:
                getattr(self, f"push_{event}_event")(name, value)

    def dev_state(self) -> DevState:
        """Return the state that was set, whatever the quality of attributes."""
        return self.get_state()

    def test_set(self, name: str, value: Any) -> None:
        """Give an attribute a value; that of an enum may be a label."""
        kind = self.kinds[name]
        known = kind.told.get("enum_labels", ())
        if isinstance(value, str) and known:
            value = list(known).index(value)
        if isinstance(kind.value, np.ndarray):
            value = np.array(value, kind.value.dtype)
        self.change(name, value)

    def test_hide(self, name: str, value: Any) -> None:
        """Give an attribute a value, and send no event of it."""
        self.values[name] = value
        self.times[name] = time.time()

    def test_gap(self, name: str, reason: str) -> None:
        """Send an error in the place of a change event."""
        try:
            Except.throw_exception(reason, "told by the lab", "Lab.test_gap")
        except DevFailed as error:
            self.push_change_event(name, error)

    def test_get(self, name: str) -> None:
        """Say what the value of an attribute is, in JSON."""
        value = self.values[name]
        print(json.dumps(value.tolist() if isinstance(value, np.ndarray) else value))

    def test_sleeping(self) -> None:
        """Say whether it is in `Slow`, in JSON."""
        print(json.dumps(self.sleeping))

    def test_writing(self) -> None:
        """Say whether it is in a write of what is slow, in JSON."""
        print(json.dumps(self.writing))

    def test_configure(self, name: str, **properties: Any) -> None:
        """Change properties of an attribute, such as `unit`, while clients are connected."""
        attr = self.get_device_attr().get_attr_by_name(name)
        known = attr.get_properties()
        for key, value in properties.items():
            setattr(known, key, value)
        attr.set_properties(known)

    def test_add(self, name: str, dtype: str, value: Any, **told: Any) -> None:
        """Have one more attribute, while clients are connected."""
        self.kinds[name] = Kind(dtype, value, AttrWriteType.READ_WRITE, told)
        self.values[name], self.times[name], self.qualities[name] = value, time.time(), AttrQuality.ATTR_VALID
        made = attribute(
            fget=self.read_one, fset=self.write_one, name=name, dtype=dtype, access=AttrWriteType.READ_WRITE, **told
        )
        with AutoTangoMonitor(self):  # a client that looks meanwhile at what there is could end the process
            self.add_attribute(made)

    def test_remove(self, name: str) -> None:
        """Have an attribute no more."""
        with AutoTangoMonitor(self):
            self.remove_attribute(name, False, False)  # without a database its properties cannot be removed there

    def test_remake(self, name: str, labels: list[str]) -> None:
        """Take an enum away and add it again with other labels, in one go, of which clients are not told."""
        value, kind = self.values[name], self.kinds[name]
        with AutoTangoMonitor(self):
            self.test_remove(name)
            self.test_add(name, kind.dtype, value, enum_labels=labels)
        self.kinds[name].pushes = kind.pushes
        self.announce(name)

    def test_quality(self, name: str, quality: str) -> None:
        """Give an attribute another quality: VALID, INVALID, ALARM, WARNING, CHANGING."""
        self.qualities[name] = getattr(AttrQuality, f"ATTR_{quality}")

    def test_state(self, state: str) -> None:
        """Give the device another state."""
        self.set_state(getattr(DevState, state))

    def test_side_by_side(self) -> None:
        """Have the server take calls while others are under way, as servers do that a write keeps and Stop ends."""
        Util.instance().set_serial_model(SerialModel.NO_SYNC)

    def test_slow(self, seconds: float, name: str = "slow") -> None:
        """Let reads and writes of one attribute take so long."""
        self.slow, self.slow_s = name, seconds
