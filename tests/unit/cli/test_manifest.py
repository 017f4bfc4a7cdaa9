"""The manifest of a beamline is what its devices say of themselves after a connect in mock mode."""

from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.cli.manifest import manifest
from ophyd_decl.devices.command import Command
from ophyd_decl.devices.device import Device, Vector
from ophyd_decl.devices.node import walk
from ophyd_decl.devices.verbs import SignalNode, SignalR

GOLDEN = Path(__file__).parents[2] / "golden" / "valid"
BEAMLINES = sorted(
    path
    for path in GOLDEN.iterdir()
    if path.is_dir() or (path.suffix == ".yaml" and "kind: beamline" in path.read_text(encoding="utf-8-sig"))
)
READ = ("hinted", "read", "uncached", "hinted_uncached")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the variables of the files concern nothing else."""
    monkeypatch.setattr("ophyd_decl.session.beamline.apply_environment", lambda name, variables: None)


def expected_fields(node: Any, key: dict[str, Any]) -> dict[str, Any]:
    """Return what the manifest must say of a signal that has this data key."""
    limits = key.get("limits", {}).get("control")
    return {
        "name": node.name,
        "dtype": key["dtype"],
        "shape": key["shape"],
        "dtype_numpy": key["dtype_numpy"],
        "choices": key.get("choices"),
        "units": key.get("units"),
        "limits": [limits["low"], limits["high"]] if limits else None,
        "source": key["source"].removeprefix("mock+"),
    }


def below(nodes: dict[str, dict[str, Any]], device: Any, formats: tuple[str, ...]) -> list[str]:
    """Return the names of the signals that the manifest puts into the documents of a device, in its order."""
    names: list[str] = []
    for _, child in device.children():
        entry = nodes[child.path]
        if isinstance(child, Device | Vector):
            names += below(nodes, child, formats) if entry["format"] == "child" else []
        elif entry["format"] in formats and isinstance(child, SignalR):
            names.append(entry["name"])
    return names


@pytest.mark.parametrize("path", BEAMLINES, ids=lambda path: path.stem)
async def test_the_manifest_equals_describe_after_a_mock_connect(path: Path) -> None:
    nodes = {node["path"]: node for node in await manifest(load_beamline(path))}
    bl = load_beamline(path)
    report = await bl.aconnect(mock=True)
    try:
        everything = [node for device in bl.devices.values() for node in walk(device)]
        assert [node.path for node in everything] == list(nodes)
        assert all(device.ok for device in report.devices if device.type != "python")
        for node in everything:
            entry = nodes[node.path]
            if isinstance(node, SignalR):
                (described,) = (await node.describe()).items()
                assert described[0] == node.name
                wanted = expected_fields(node, described[1])
                assert {name: entry[name] for name in wanted} == wanted
            kind = "command" if isinstance(node, Command) else "signal" if isinstance(node, SignalNode) else "device"
            assert (entry["kind"], entry["name"]) == (kind, node.name)
            if isinstance(node, Device):
                read, config = await node.describe(), await node.describe_configuration()
                assert list(read) == below(nodes, node, READ)
                assert list(config) == below(nodes, node, ("config",))
                assert sorted(node.labels) == sorted(entry["labels"])
                for key in (*read, *config):
                    (signal,) = [one for one in nodes.values() if one["name"] == key and one["kind"] == "signal"]
                    assert (read | config)[key]["source"].removeprefix("mock+") == signal["source"]
    finally:
        await bl.aclose()
