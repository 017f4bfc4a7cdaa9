"""Libraries of types and fragments that other distributions install."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ophyd_decl.check import plugins
from ophyd_decl.compile import compile_beamline, compile_paths
from ophyd_decl.spec import ENTRY_POINT_GROUP

SPECS = """
from ophyd_decl.spec import NoOptions, PluginSpec
good = PluginSpec("good", "types", NoOptions, "good_library:yaml")
deep = PluginSpec("deep", "types", NoOptions, "good_library.inner:a/b")
top = PluginSpec("top", "types", NoOptions, "good_library")
no_folder = PluginSpec("no_folder", "types", NoOptions, "good_library:nix")
no_package = PluginSpec("no_package", "types", NoOptions, "no_such_package:yaml")
upwards = PluginSpec("upwards", "types", NoOptions, "good_library:../other")
absolute = PluginSpec("absolute", "types", NoOptions, "good_library:/etc")
module = PluginSpec("module", "types", NoOptions, "library_specs:yaml")
mover = PluginSpec("mover", "movable", NoOptions, "good_library:nix")
"""
NAMES = ("good", "deep", "top", "no_folder", "no_package", "upwards", "absolute", "module", "mover")
TYPES = "api: ophyd_decl/v1\nkind: types\nnamespace: {}\ntypes:\n  t: {{params: {{p: {{type: str}}}}}}\n"
FRAGMENT = "api: ophyd_decl/v1\nkind: fragment\nuse: [more/types.yaml]\ndevices: {x: {type: more.t, p: a}}\n"


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "site"
    info = site / "library-1.0.dist-info"
    package = site / "good_library"
    for folder in (info, package / "yaml" / "more", package / "inner" / "a" / "b", site / "other"):
        folder.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: library\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = library_specs:{name}" for name in NAMES)
    fails = "fails = good_library:spec"
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{lines}\n{fails}\n")
    (site / "library_specs.py").write_text(SPECS)
    (package / "__init__.py").write_text("raise RuntimeError('imported')\n")
    (package / "yaml" / "a.yaml").write_text(TYPES.format("liba"))
    (package / "yaml" / "b.yaml").write_text(TYPES.format("libb") + "use: [a.yaml]\n")
    (package / "yaml" / "more" / "types.yaml").write_text(TYPES.format("more"))
    (package / "yaml" / "more" / "fragment.yaml").write_text(FRAGMENT.replace("more/", ""))
    (package / "yaml" / "more" / "climbs.yaml").write_text(FRAGMENT.replace("more/types", "../../../other/types"))
    (package / "yaml" / "more" / "from_above.yaml").write_text(FRAGMENT.replace("more/types", "../more/types"))
    (package / "inner" / "a" / "b" / "t.yaml").write_text(TYPES.format("deep"))
    (package / "t.yaml").write_text(TYPES.format("top"))
    (site / "other" / "types.yaml").write_text(TYPES.format("more"))
    monkeypatch.syspath_prepend(str(site))
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()
    sys.modules.pop("library_specs", None)


def found(folder: Path, text: str) -> list[tuple[str, int, int]]:
    (folder / "beamline.yaml").write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: b\n{text}\n", encoding="utf-8")
    return [(d.code, d.place.line, d.place.column) for d in compile_beamline(folder).diagnostics]


def test_all_files_of_a_library_or_one_can_be_used(tmp_path: Path) -> None:
    devices = "devices: {a: {type: liba.t, p: x}, b: {type: libb.t, p: x}}"
    assert found(tmp_path, f"use: ['pkg:good']\n{devices}") == []
    assert found(tmp_path, f"use: ['pkg:good/b.yaml']\n{devices}") == [], "b.yaml uses a.yaml"
    assert found(tmp_path, f"use: ['pkg:good/a.yaml']\n{devices}") == [("E401", 5, 46)]
    assert found(tmp_path, "use: ['pkg:good/more/types.yaml']\ndevices: {c: {type: more.t, p: x}}") == []
    assert "good_library" not in sys.modules


def test_files_of_types_use_libraries_too(tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(TYPES.format("own").replace("types:", "use: ['pkg:good']\ntypes:").replace(
        "  t: {", "  t: {children: {c: {type: liba.t, p: x}}, "))  # fmt: skip
    assert compile_paths([file]).diagnostics == ()


def test_fragments_of_a_library_are_included(tmp_path: Path) -> None:
    assert found(tmp_path, "include: ['pkg:good/more/fragment.yaml']") == []
    assert found(tmp_path, "include: ['pkg:good/more/from_above.yaml']") == []
    assert [code for code, *_ in found(tmp_path, "include: ['pkg:good/more/climbs.yaml']")] == ["E203"]


@pytest.mark.parametrize(("use", "code"), [
    ("pkg:good/nix.yaml", "E201"), ("pkg:good/../t.yaml", "E203"), ("pkg:good//etc/passwd", "E203"),
    ("pkg:good/more/../../t.yaml", "E203"), ("pkg:god", "E501"), ("pkg:mover", "E501"), ("pkg:setpoint", "E501"),
    ("pkg:no_folder", "E502"), ("pkg:no_package", "E502"), ("pkg:upwards", "E502"), ("pkg:absolute", "E502"),
    ("pkg:module", "E502"), ("pkg:fails", "E502"), ("pkg:good/more", "E201"), ("pkg:", "E501"),
])  # fmt: skip
def test_mistakes(tmp_path: Path, use: str, code: str) -> None:
    assert found(tmp_path, f"use: ['{use}']\ndevices: {{a: {{type: liba.t}}}}") == [(code, 4, 7)]


def test_a_library_may_be_a_whole_package(tmp_path: Path) -> None:
    assert found(tmp_path, "use: ['pkg:top']\ndevices: {a: {type: top.t, p: x}}") == []
    assert found(tmp_path, "use: ['pkg:deep']\ndevices: {a: {type: deep.t, p: x}}") == []
    assert "good_library" not in sys.modules


def test_a_library_that_is_misspelt_is_proposed(tmp_path: Path) -> None:
    found(tmp_path, "use: ['pkg:god']")
    (diagnostic,) = compile_beamline(tmp_path).diagnostics
    assert diagnostic.help == "did you mean `good`?"
