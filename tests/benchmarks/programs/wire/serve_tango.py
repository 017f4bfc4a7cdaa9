"""The program of the Tango server of the benchmarks: floats of ten devices, whose change events it pushes on demand.

    serve_tango.py PORT ATTRIBUTES

It writes READY when clients can connect. A line `post COUNT SECONDS RATE` on its standard input puts the time of
sending, on the clock of `time.monotonic`, into the first attributes in turn, and pushes an event of each; then it
writes how often, and POSTED. It ends when its standard input does.
"""

import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import tango
from tango import AttrQuality, AttrWriteType
from tango.server import Device, attribute, run

sys.path.append(str(Path(__file__).parent))

from tango_names import DEVICES, FEW, places

#: How long the poster sleeps between two bursts, in s.
PAUSE_S = 0.0005


class Load(Device):
    """A device with floats `n0` and so on."""

    count = 0

    def init_device(self) -> None:
        """Begin with other values for each."""
        super().init_device()
        self.values = {f"n{number}": number + 0.5 for number in range(self.count)}

    def initialize_dynamic_attributes(self) -> None:
        """Make the attributes."""
        for name in self.values:
            self.add_attribute(
                attribute(
                    name=name,
                    dtype="DevDouble",
                    access=AttrWriteType.READ_WRITE,
                    unit="mm",
                    format="%.3f",
                    min_value=-1e9,
                    max_value=1e9,
                    fget=self.read_one,
                    fset=self.write_one,
                )
            )
            self.set_change_event(name, True, False)

    def read_one(self, attr: Any) -> tuple[float, float, AttrQuality]:
        """Return a value."""
        return self.values[attr.get_name()], time.time(), AttrQuality.ATTR_VALID

    def write_one(self, attr: Any) -> None:
        """Take a value, and tell of it."""
        self.change(attr.get_name(), attr.get_write_value())

    def change(self, name: str, value: float) -> None:
        """Give an attribute a value, and push its event."""
        self.values[name] = value
        self.push_change_event(name, value)


def main() -> None:
    """Serve until the standard input ends."""
    port, attributes = int(sys.argv[1]), int(sys.argv[2])
    Load.count = max(-(-attributes // DEVICES), FEW)
    names = ",".join(f"Load::bench/load/{number}" for number in range(DEVICES))
    arguments = ["load", "1", "-ORBendPoint", f"giop:tcp:127.0.0.1:{port}", "-nodb", "-dlist", names]
    threading.Thread(target=obey, name="standard input", daemon=True).start()
    run([Load], arguments, raises=True, msg_stream=None, post_init_callback=lambda: answer("READY"))


def obey() -> None:
    """Do what the lines of the standard input say, and end the process with them."""
    with tango.EnsureOmniThread():
        for line in sys.stdin:
            _, count, seconds, rate = line.split()
            answer(str(post(int(count), float(seconds), float(rate))))
            answer("POSTED")
    os._exit(0)


def post(count: int, seconds: float, rate: float) -> int:
    """Give attributes the time in turn, and return how often that was done.

    :param seconds: how long.
    :param rate: how many of them together, in 1/s.
    """
    devices = [tango.Util.instance().get_device_by_name(f"bench/load/{number}") for number in range(DEVICES)]
    targets = [(devices[device], f"n{number}") for device, number in places(count)]
    clock = time.monotonic
    started, posted, total = clock(), 0, int(seconds * rate)
    while posted < total:
        due = min(int((clock() - started) * rate), total)
        while posted < due:
            device, name = targets[posted % len(targets)]
            device.change(name, clock())
            posted += 1
        time.sleep(PAUSE_S)
    return posted


def answer(word: str) -> None:
    """Write a line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
