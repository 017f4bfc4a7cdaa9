"""Whatever a file names: only files below its root are opened, and those of installed libraries."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ophyd_decl.compile import compile_paths
from ophyd_decl.source import text as source_text

HEADS = {
    "beamline": "api: ophyd_decl/v1\nkind: beamline\nname: b\n",
    "fragment": "api: ophyd_decl/v1\nkind: fragment\n",
    "types": "api: ophyd_decl/v1\nkind: types\nnamespace: {name}\ntypes: {{}}\n",
}
#: What a path is made of: ways up, ways that look like ways up, links, and what really is there.
PARTS = (
    "..", ".", "", "inside", "outside", "link_to_file.yaml", "link_to_folder", "link_to_root", "loop", "fragment.yaml",
    "types.yaml", "secret.yaml", "beamline.yaml", "~", "$HOME", "%2e%2e", "..\\\\..", "nix", "a\\0b", "deep", "etc",
    "passwd",
)  # fmt: skip
STARTS = ("", "", "", "/", "//", "./", "pkg:", "pkg:lib/", "pkg:../", "pkg:lib/../", "file://", "pkg:lib", "pkg:/")
names = st.builds(
    lambda start, parts: start + "/".join(parts), st.sampled_from(STARTS), st.lists(st.sampled_from(PARTS), max_size=6)
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a beamline, links out of it, a library, and what must not be read."""
    root = tmp_path_factory.mktemp("world")
    inside, outside, library = root / "beamline", root / "outside", root / "site" / "lib" / "files"
    for folder in (inside / "inside" / "deep", outside / "deep", library / "deep"):
        folder.mkdir(parents=True)
        for place in (folder, folder.parent):
            (place / "fragment.yaml").write_text(HEADS["fragment"])
            name = "f" + "".join(filter(str.isalnum, str(place.relative_to(root))))
            (place / "types.yaml").write_text(HEADS["types"].format(name=name))
    (outside / "secret.yaml").write_text(HEADS["fragment"])
    (root / "secret.yaml").write_text(HEADS["fragment"])
    for folder in (inside, inside / "inside", library):
        (folder / "link_to_file.yaml").symlink_to(outside / "secret.yaml")
        (folder / "link_to_folder").symlink_to(outside)
        (folder / "link_to_root").symlink_to("/")
        (folder / "loop").symlink_to(folder / "loop")
    return root


def opened(world: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """Return the real paths of the files that are opened when every kind of file names something."""
    found: list[str] = []
    original = source_text._decode

    def note(path: str, *rest: Any) -> Any:
        found.append(os.path.realpath(path))
        return original(path, *rest)

    def library(name: str, *_: Any) -> str | None:
        return str(world / "site" / "lib" / "files") if name == "lib" else None

    inside = world / "beamline"
    text = name.replace("'", "''")
    for folder in (inside, inside / "inside"):
        (folder / "names.yaml").write_text(HEADS["fragment"] + f"use: ['{text}']\ninclude: ['{text}']\n")
        uses = HEADS["types"].format(name="own" + folder.name) + f"use: ['{text}']\n"
        (folder / "uses.yaml").write_text(uses)
    here = "[names.yaml, inside/names.yaml, '" + text + "', {file: '" + text + "'}]"
    beamline = HEADS["beamline"] + f"include: {here}\nuse: [uses.yaml, inside/uses.yaml, '{text}']\n"
    (inside / "beamline.yaml").write_text(beamline)
    with monkeypatch.context() as patch:
        patch.setattr(source_text, "_decode", note)
        patch.setattr("ophyd_decl.compile.reading.library_folder", library)
        patch.setattr("ophyd_decl.compile.alone.library_folder", library)
        compile_paths([inside, inside / "inside" / "names.yaml", inside / "uses.yaml"])
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=names)
@example(name="../secret.yaml")
@example(name="inside/../../secret.yaml")
@example(name="/etc/passwd")
@example(name="link_to_file.yaml")
@example(name="link_to_folder/secret.yaml")
@example(name="link_to_root/etc/passwd")
@example(name="pkg:lib/../secret.yaml")
@example(name="pkg:lib/link_to_file.yaml")
@example(name="pkg:lib/../../../outside/secret.yaml")
@example(name="pkg:../lib/fragment.yaml")
def test_no_file_outside_is_ever_opened(world: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    allowed = [str(world / "beamline") + os.sep, str(world / "site" / "lib" / "files") + os.sep]
    paths = opened(world, monkeypatch, name)
    assert any(path.endswith("names.yaml") for path in paths)
    for path in paths:
        assert path.startswith(tuple(allowed)), name


@pytest.mark.parametrize("name", ["../secret.yaml", "link_to_file.yaml", "link_to_folder/secret.yaml"])
def test_the_test_would_notice(world: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("ophyd_decl.resolve.locations.is_below", lambda *_: True)
    allowed = str(world / "beamline") + os.sep
    assert not all(path.startswith(allowed) for path in opened(world, monkeypatch, name))
