"""What every run start says about the devices: digests, versions, and what was in mock mode."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bluesky.plans as bp
from bluesky import RunEngine

from ophyd_decl import load_beamline
from ophyd_decl.session.provenance import Provenance, digest_of

FILE = """\
api: ophyd_decl/v1
kind: beamline
name: NAME
vars: {gain: 1.0}
devices:
  i0: {type: signal, soft: "${{ gain }}", dtype: float, access: rw}
  x: {type: epics.motor, prefix: "T:x", connect: mock}
profiles:
  other: {vars: {gain: 2.0}}
"""


def loaded(folder: Path, name: str = "lab", text: str = FILE, **options: Any) -> Any:
    (folder / "beamline.yaml").write_text(text.replace("NAME", name))
    return load_beamline(folder, **options)


def test_a_run_start_says_what_the_run_was_made_with(
    tmp_path: Path, run_engine_factory: Callable[..., RunEngine]
) -> None:
    engine = run_engine_factory({})
    one, two = loaded(tmp_path), loaded(tmp_path, "second", profile="other")
    engine.preprocessors.append(Provenance(one))
    engine.preprocessors.append(Provenance(two))
    one.connect().or_raise()
    two.connect(mock=True).or_raise()
    starts: list[Any] = []
    engine(bp.count([one.i0], 1), {"start": lambda _, document: starts.append(document)}, sample="a crystal")
    (start,) = starts
    assert start["sample"] == "a crystal"
    found = start["ophyd_decl"]
    assert {"bluesky", "numpy"} <= set(found["versions"])
    assert found["beamlines"]["lab"] == {
        "profile": "",
        "digest": digest_of(one.blueprint),
        "devices": {device.path: digest_of(device) for device in one.blueprint.devices},
        "mock": ["x"],
    }
    assert found["beamlines"]["second"]["profile"] == "other"
    assert found["beamlines"]["second"]["mock"] == ["i0", "x"]
    one.close()
    two.close()


def test_a_digest_changes_with_what_a_device_is_and_with_nothing_else(tmp_path: Path) -> None:
    plain, commented = loaded(tmp_path), loaded(tmp_path, text="# moved\n" + FILE)
    other = loaded(tmp_path, profile="other")
    digests = [
        {device.path: digest_of(device) for device in made.blueprint.devices} for made in (plain, commented, other)
    ]
    assert digests[0] == digests[1]
    assert digest_of(plain.blueprint) == digest_of(commented.blueprint) != digest_of(other.blueprint)
    assert digests[0]["x"] == digests[2]["x"]
    assert digests[0]["i0"] != digests[2]["i0"]
    assert all(text.startswith("sha256:") and len(text) == 71 for text in digests[0].values())
    unit = loaded(tmp_path, text=FILE.replace("dtype: float,", "dtype: float, units: mm,"))
    assert digest_of(unit.blueprint.devices[0]) != digests[0]["i0"]


def test_expose_offers_it(tmp_path: Path, monkeypatch: Any) -> None:
    import importlib

    folder = tmp_path / "lab_with_provenance"
    folder.mkdir()
    loaded(folder)
    (folder / "__init__.py").write_text("from ophyd_decl import expose\nexpose(__name__)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module(folder.name)
    assert isinstance(module.provenance, Provenance)
    assert module.provenance.metadata()["beamlines"]["lab"]["mock"] == ["x"]
