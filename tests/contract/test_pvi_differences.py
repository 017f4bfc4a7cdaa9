"""Every difference between a file and a PVI structure, in one report: the whole of it, as text and as JSON.

`pvi/` holds the file that differs and the reports. If a report changes, the new one is in the folder that the failure
names: look at it, and copy it there.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import AbsentError, MismatchError, PutRefusedError
from tests.contract.test_differences import check_report
from tests.contract.test_pvi import FOLDER, RECORDS, TIMEOUT_S
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc


@pytest.fixture(scope="module")
def box_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


def written(folder: Path, ioc: Ioc) -> Path:
    """Write the beamline that differs, for the names of one server."""
    text = (FOLDER / "different.yaml").read_text().replace('p: "T:"', f'p: "{ioc.prefix}"')
    (folder / "beamline.yaml").write_text(text)
    (folder / "different_types.yaml").write_text((FOLDER / "different_types.yaml").read_text())
    return folder


@pytest.mark.parametrize("form", ["txt", "json"])
def test_connect_reports_every_difference_at_once(box_ioc: Ioc, form: str, tmp_path: Path) -> None:
    written(tmp_path, box_ioc)
    check_report(box_ioc, tmp_path, form, FOLDER / f"different.{form}")


@pytest.fixture
async def beamline(box_ioc: Ioc, tmp_path: Path) -> AsyncIterator[Any]:
    made = load_beamline(written(tmp_path, box_ioc))
    await made.aconnect(TIMEOUT_S)
    yield made
    await made.aclose()


async def test_what_differs_is_refused_and_the_rest_can_be_used(beamline: Any) -> None:
    box = beamline.box
    assert await box.gain.get_value() == 2.5
    assert await box.level.get_value() == 1.5
    assert await beamline.vectors.seq[1].repeats.get_value() == 1
    with pytest.raises(MismatchError, match=r"box\.level .*no way to write it; nothing was sent"):
        await box.level.set(2.0)
    for use in (box.gian.get_value, box.setting.get_value, box.pcap.stage, box.seq.repeats.get_value):
        with pytest.raises(MismatchError):
            await use()
    with pytest.raises(MismatchError):
        await box.trace.set(1.0)
    with pytest.raises(MismatchError, match=r"box\.target .*something else"):
        await box.target.trigger()
    with pytest.raises(AbsentError):
        await box.spare.get_value()
    with pytest.raises(AbsentError, match="nothing answered"):
        await beamline.silent.seq.repeats.get_value()


async def test_nothing_is_written_where_the_structure_gives_no_way(beamline: Any) -> None:
    with pytest.raises((MismatchError, PutRefusedError)):
        await beamline.box.level.set(99.0)
    assert await beamline.box.level.get_value(cached=False) == 1.5
