"""Beamlines from blueprints written by hand, on values of this process."""

from typing import Any

from ophyd_decl.blueprint import BeamlineBlueprint, DeviceBlueprint, Shape
from ophyd_decl.session.beamline import Beamline

from ..devices.shapes import HERE, shape, soft, soft_motor, wire


def beamline(**shapes: Shape) -> Beamline:
    """Return a beamline whose devices have these shapes."""
    devices = tuple(
        DeviceBlueprint(name, name, device, {"prefix": f"{name}:"}, HERE, labels=("all",))
        for name, device in shapes.items()
    )
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(shapes)))


def on_the_wire(prefix: str) -> Any:
    """Return what `scannable` does, with the motor on Channel Access and the detector on pvAccess."""
    members = {"format": "hinted", "protocol": "ca", "carries_device_name": True}
    shapes = {
        "m": shape("axis", wire("position", "ao", **members)),
        "det": shape("det", wire("counts", "longout", "int", format="hinted", protocol="pva")),
    }
    devices = tuple(DeviceBlueprint(name, name, made, {"prefix": prefix}, HERE) for name, made in shapes.items())
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, tuple(shapes)))


def scannable() -> Any:
    """Return a beamline with a motor `m` and a detector `det` that a scan can use."""
    motor = shape(
        "axis",
        soft("position", 0.0, format="hinted", carries_device_name=True, precision=3),
        roles=soft_motor().roles[:0],
    )
    return beamline(m=motor, det=shape("det", soft("counts", 3, "int", format="hinted")))
