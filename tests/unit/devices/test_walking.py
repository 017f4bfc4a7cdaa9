"""What is below a device, by path."""

from typing import Any

from ophyd_decl import walk_config_signals, walk_devices, walk_rw_signals, walk_signal_sources

from .shapes import child, command, derived, make, shape, soft_motor, wire


def device() -> Any:
    return make(
        shape(
            "g",
            wire("value", "V", access="r", format="hinted"),
            wire("gain", "G", format="config"),
            wire("target", "T", access="w"),
            command("start", "S"),
            child("motor", soft_motor()),
            derived("twice", "2 * a", {"a": "gain"}, {"gain": "value / 2"}),
        )
    )


async def test_every_node_is_there_by_its_path_in_file_order() -> None:
    dev = device()
    found = walk_devices(dev)
    assert list(found) == [
        "value", "gain", "target", "start", "motor", "motor.setpoint", "motor.readback", "motor.velocity", "twice",
    ]  # fmt: skip
    assert found["motor.velocity"] is dev.motor.velocity
    assert list(walk_devices(dev.motor, "m.")) == ["m.setpoint", "m.readback", "m.velocity"]
    assert walk_devices(dev.value) == {}


async def test_signals_that_are_written_those_of_the_configuration_and_all_sources() -> None:
    dev = device()
    assert list(walk_rw_signals(dev)) == ["gain", "motor.setpoint", "motor.readback", "motor.velocity", "twice"]
    assert list(await walk_config_signals(dev)) == ["gain", "motor.velocity"]
    assert await walk_config_signals(dev.gain) == {}
    assert walk_signal_sources(dev) == {
        "value": "ca://T:V", "gain": "ca://T:G", "target": "ca://T:T", "motor.setpoint": "soft://dev-motor-setpoint",
        "motor.readback": "soft://dev-motor", "motor.velocity": "soft://dev-motor-velocity",
        "twice": "derived://dev-twice",
    }  # fmt: skip
