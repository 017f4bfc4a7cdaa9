"""Files for the tests of the compiler."""

from pathlib import Path
from typing import Any

from ophyd_decl.blueprint import DeviceBlueprint, SignalShape, VectorShape
from ophyd_decl.compile import Compiled, compile_beamline
from ophyd_decl.errors.codes import codes

HEAD = "api: ophyd_decl/v1\nkind: beamline\nname: b\n"
TYPES_HEAD = "api: ophyd_decl/v1\nkind: types\nnamespace: n\ntypes:\n"


def beamline(folder: Path, text: str, types: str = "", **settings: Any) -> Compiled:
    """Compile a beamline whose text begins at line 4, or at line 5 after `use: [types.yaml]`.

    :param types: bodies of the types of the namespace `n`; begins at line 5 of `types.yaml`.
    """
    use = "use: [types.yaml]\n" if types else ""
    (folder / "beamline.yaml").write_text(HEAD + use + text, encoding="utf-8")
    if types:
        (folder / "types.yaml").write_text(TYPES_HEAD + types, encoding="utf-8")
    return compile_beamline(folder, **settings)


def found(compiled: Compiled) -> list[tuple[str, int, int]]:
    """Return code, line and column of each diagnostic, after checking that each is complete."""
    for diagnostic in compiled.diagnostics:
        assert diagnostic.code in codes()
        assert diagnostic.help, diagnostic
    return [(d.code, d.place.line, d.place.column) for d in compiled.diagnostics]


def device(compiled: Compiled, name: str) -> DeviceBlueprint:
    """Return a device of a sound beamline."""
    assert compiled.blueprint is not None, [(str(d.place), d.summary) for d in compiled.diagnostics]
    return next(device for device in compiled.blueprint.devices if device.path == name)


def member(holder: Any, *path: str | int) -> Any:
    """Return a member of the shape of a device."""
    shape = holder.shape
    result: Any = None
    for key in path:
        members = result.items if isinstance(result, VectorShape) else shape.members
        result = next(item for item in members if item.key == key)
        shape = getattr(result, "shape", shape)
    return result


def signal(holder: Any, *path: str | int) -> SignalShape:
    """Return a signal of a device."""
    result = member(holder, *path)
    assert isinstance(result, SignalShape)
    return result


def addresses(blueprint: DeviceBlueprint) -> list[str]:
    """Return the addresses that the signals of a device read, at every depth, in order."""
    result: list[str] = []

    def walk(shape: Any, values: Any) -> None:
        for item in shape.members:
            if isinstance(item, VectorShape):
                for child in item.items:
                    walk(child.shape, {name: template.render(values) for name, template in child.values})
            elif hasattr(item, "shape"):
                walk(item.shape, {name: template.render(values) for name, template in item.values})
            elif isinstance(item, SignalShape) and hasattr(item.origin, "read"):
                address = item.origin.read or item.origin.write
                assert address is not None
                result.append(address.render(values))

    walk(blueprint.shape, blueprint.values)
    return result
