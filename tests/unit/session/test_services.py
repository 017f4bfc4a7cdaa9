"""Services: made once for a beamline, found by name, and what references of devices lead to."""

from typing import Any

import pytest

from ophyd_decl.blueprint import (
    BeamlineBlueprint,
    ChildShape,
    DeviceBlueprint,
    Param,
    Reference,
    RoleShape,
    ServiceBlueprint,
    Shape,
    Template,
)
from ophyd_decl.errors import PluginError
from ophyd_decl.flyscan.paths import UuidPaths
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.spec import CommandPath, Options, PluginSpec, ServicePath

from ..devices.shapes import HERE, command, find_spec, path, shape, soft


class Wanting(Options):
    start: CommandPath
    paths: ServicePath


class Logic:
    def __init__(self, device: Any, start: Any, paths: Any) -> None:
        self.start = start
        self.paths = paths


def fail(**_: Any) -> Any:
    raise OSError("no disk")


SPECS = {
    ("triggerable", "wanting"): PluginSpec("wanting", "triggerable", Wanting, f"{__name__}:Logic"),
    ("service", "failing"): PluginSpec("failing", "service", Options, f"{__name__}:fail"),
}


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(role: str, name: str) -> PluginSpec:
        return SPECS.get((role, name)) or find_spec(role, name)

    monkeypatch.setattr("ophyd_decl.session.services.find_spec", find)
    monkeypatch.setattr("ophyd_decl.session.beamline.find_spec", find)


def service(name: str, plugin: str = "path.uuid", **options: Any) -> ServiceBlueprint:
    return ServiceBlueprint(name, plugin, options or {"root": f"/data/{name}"}, HERE)


def beamline(*services: ServiceBlueprint, devices: tuple[DeviceBlueprint, ...] = ()) -> Any:
    names = tuple(device.path for device in devices)
    return Beamline(BeamlineBlueprint("test", "test.yaml", devices, names, services=services))


def detector(paths: Reference) -> Shape:
    role = RoleShape("triggerable", "wanting", {"start": path("go"), "paths": paths}, HERE)
    return shape("detector", command("go", "GO"), roles=(role,))


def test_a_service_is_made_once_and_found_in_three_ways() -> None:
    bl = beamline(service("paths"), service("scratch"))
    assert isinstance(bl.paths, UuidPaths)
    assert bl.paths is bl["paths"] is bl.services["paths"]
    assert list(bl.services) == ["paths", "scratch"]
    assert bl.scratch().folder == "/data/scratch"
    assert list(bl.devices) == []


def test_references_in_options_params_and_children_lead_to_a_service() -> None:
    given = Reference("param", ("paths",))
    inner = ChildShape(
        "cam",
        detector(given),
        (("prefix", Template((Param("prefix"),))),),
        "child",
        HERE,
        references=(("paths", given),),
    )
    values = {"prefix": "T:", "paths": Reference("beamline", ("paths",))}
    bl = beamline(
        service("paths"),
        devices=(
            DeviceBlueprint("named", "named", detector(Reference("beamline", ("paths",))), {"prefix": "T:"}, HERE),
            DeviceBlueprint("given", "given", shape("outer", inner), values, HERE),
        ),
    )
    assert bl.named._logic("triggerable").paths is bl.paths
    assert bl.named._logic("triggerable").start is bl.named.go
    assert bl.given.cam._logic("triggerable").paths is bl.paths


async def test_one_that_cannot_be_made_raises_where_it_is_used_and_harms_nobody_else() -> None:
    bl = beamline(
        service("broken", "failing", root="/"),
        service("paths"),
        devices=(DeviceBlueprint("d", "d", shape("d", soft("x", 1.0)), {}, HERE),),
    )
    assert (await bl.aconnect()).ok
    for use in (lambda: bl.broken, lambda: bl["broken"], lambda: bl.services["broken"]):
        with pytest.raises(PluginError, match=r"plugin `failing` of .*OSError: no disk"):
            use()
    assert list(bl.services) == ["paths"]
    with pytest.raises(KeyError, match="has no device 'nothing'"):
        bl["nothing"]
    with pytest.raises(AttributeError, match="has no 'nothing'; it has d"):
        _ = bl.nothing
    await bl.aclose()


async def test_only_connects_no_service() -> None:
    bl = beamline(
        service("paths"),
        devices=(
            DeviceBlueprint("d", "d", shape("d", soft("x", 1.0)), {"paths": Reference("beamline", ("paths",))}, HERE),
        ),
    )
    assert (await bl.aconnect(only="d")).ok
    await bl.aclose()
