"""Services that say where files are written."""

import importlib
from pathlib import Path
from uuid import UUID

import pytest

from ophyd_decl.flyscan.paths import FilePath, UuidPaths
from ophyd_decl.spec import SHIPPED, UuidPathOptions


def test_each_call_gives_a_new_uuid_in_the_folder(tmp_path: Path) -> None:
    paths = UuidPaths(str(tmp_path / "run" / "1"), suffix=".h5")
    first, second = paths(), paths()
    assert first.folder == second.folder == str(tmp_path / "run" / "1")
    assert first.name != second.name
    assert str(UUID(first.name.removesuffix(".h5"))) + ".h5" == first.name
    assert not (tmp_path / "run").exists()


def test_the_folder_is_made_where_the_file_asks_for_it(tmp_path: Path) -> None:
    paths = UuidPaths(str(tmp_path / "run" / "1"), make_folders=True)
    assert Path(paths().full).parent.is_dir()
    assert Path(paths().full).parent == tmp_path / "run" / "1"


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        UuidPaths(str(tmp_path / "file" / "run"), make_folders=True)()


@pytest.mark.parametrize(
    ("folder", "full"),
    [("/data/i22", "/data/i22/a.h5"), ("D:/data", "D:\\data\\a.h5"), ("\\\\nas\\data", "\\\\nas\\data\\a.h5")],
)
def test_a_path_is_joined_in_the_notation_of_its_folder(folder: str, full: str) -> None:
    assert FilePath(folder, "a.h5").full == full


def test_the_factory_takes_what_the_options_model_allows() -> None:
    spec = next(spec for spec in SHIPPED if spec.name == "path.uuid")
    module, _, attribute = spec.factory.partition(":")
    factory = getattr(importlib.import_module(module), attribute)
    options = UuidPathOptions(root="/data", suffix=".nxs").model_dump()
    assert factory(**options)().name.endswith(".nxs")
