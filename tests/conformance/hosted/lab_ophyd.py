"""Devices of a beamline that were written for ophyd."""

from typing import Any

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO


class Supply(Device):
    """A supply: one value that can be set, one that is read."""

    voltage = Component(EpicsSignal, "ao", kind="hinted", put_complete=True)
    current = Component(EpicsSignalRO, "ai", kind="normal")


class Follower(Device):
    """A supply that is told which native motor, and which native signal, it follows.

    :param motor: a device of ophyd_decl.
    :param value: a signal of ophyd_decl.
    """

    current = Component(EpicsSignalRO, "followed", kind="normal")

    def __init__(self, prefix: str, *, name: str, motor: Any, value: Any) -> None:
        super().__init__(prefix, name=name)
        self.motor = motor
        self.value = value


class Half(Device):
    """One PV that is there, and one that is not."""

    there = Component(EpicsSignalRO, "there")
    missing = Component(EpicsSignalRO, "no_such_pv")


class Broken(Device):
    """A class with a mistake."""

    def __init__(self, prefix: str, *, name: str) -> None:
        raise RuntimeError(f"no licence for {prefix}")


def make() -> Supply:
    """Return a device: what is no class cannot be named in a file."""
    return Supply("", name="made")


class Slow(Device):
    """A device whose connect takes longer than anybody has asked for."""

    there = Component(EpicsSignalRO, "slow")

    def wait_for_connection(self, all_signals: bool = False, timeout: float = 2.0) -> None:
        """Hang."""
        import time

        time.sleep(3600)
