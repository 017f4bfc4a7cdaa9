"""Limits of file and server: which hold, and where the file is that says what the server has otherwise."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import LimitError, MismatchError
from tests.contract.test_positions import OTHER
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc
from tests.servers.motors import RAW, Motors, motors

pytestmark = pytest.mark.usefixtures("closed_channels")
LIMIT_S = 30.0


@pytest.fixture(scope="module")
def server(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(Path(__file__).parent / "library.db")


@pytest.fixture(scope="module")
def axes() -> Iterator[Motors]:
    with motors("LIMITS:") as made:
        yield made


@asynccontextmanager
async def connected(devices: str, protocol: str, folder: Path) -> AsyncIterator[Any]:
    file = folder / "i99.yaml"
    file.write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndefaults: {{protocol: {protocol}}}\ndevices:\n{devices}\n"
    )
    beamline = load_beamline(file)
    try:
        await beamline.aconnect(timeout=LIMIT_S)
        yield beamline
    finally:
        await beamline.aclose()


async def test_what_overrides_say_is_told_where_they_stand(server: Ioc, epics_protocol: str, tmp_path: Path) -> None:
    devices = (
        f'  a:\n    type: epics.ao\n    prefix: "{server.pv("ao")}"\n    overrides:\n'
        "      value:\n        limits: [-60, 60]\n        units: V\n        precision: 4\n"
    )
    async with connected(devices, epics_protocol, tmp_path) as bl:
        (device,) = bl.report.devices
        file = str(tmp_path / "i99.yaml")
        assert {(problem.code, problem.file, problem.line) for problem in device.problems} == {
            ("E624", file, 11), ("E623", file, 12), ("E625", file, 13),
        }  # fmt: skip
        with pytest.raises(MismatchError) as caught:
            await bl.a.set(1)
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == (file, 12)


async def test_a_target_beyond_limits_of_overrides_names_their_place(
    server: Ioc, epics_protocol: str, tmp_path: Path
) -> None:
    devices = (
        f'  a: {{type: epics.ao, prefix: "{server.pv("ao")}",\n    overrides: {{value: {{limits: [-10, 10]}}}}}}\n'
    )
    async with connected(devices, epics_protocol, tmp_path) as bl:
        with pytest.raises(LimitError, match=r"11 keV is outside the limits \[-10, 10\] keV of the file") as caught:
            await bl.a.set(11)
        assert caught.value.place is not None
        assert (caught.value.place.file, caught.value.place.line) == (str(tmp_path / "i99.yaml"), 7)


async def test_limits_of_file_and_server_that_share_nothing_are_one_clear_error(
    server: Ioc, epics_protocol: str, tmp_path: Path
) -> None:
    devices = f'  a: {{type: epics.ao, prefix: "{server.pv("ao")}", overrides: {{value: {{limits: [60, 70]}}}}}}\n'
    async with connected(devices, epics_protocol, tmp_path) as bl:
        assert [problem.code for problem in bl.report.devices[0].problems] == ["E624"]
        for value in (0, 55, 65):
            with pytest.raises(LimitError, match="no value lies inside the limits of both file and server") as caught:
                await bl.a.set(value)
            assert (caught.value.expected, caught.value.found) == ("[60, 70]", "[-50.0, 50.0]")


async def test_reversed_limits_of_an_output_are_none_as_its_record_has_it(
    server: Ioc, epics_protocol: str, tmp_path: Path
) -> None:
    devices = f'  a: {{type: epics.ao, prefix: "{server.pv("inverted")}"}}\n'
    async with connected(devices, epics_protocol, tmp_path) as bl:
        assert bl.report.ok
        for value in (100.0, -100.0, 0.0):
            await bl.a.set(value)
            assert await bl.a.value.get_value(cached=False) == value
        assert "control" not in (await bl.a.describe())["a"].get("limits", {})


async def test_reversed_limits_of_a_motor_refuse_every_move_as_its_record_does(
    axes: Motors, epics_protocol: str, tmp_path: Path
) -> None:
    async with RAW[OTHER[epics_protocol]](axes.take()) as raw:
        await raw.put("DHLM", -5)
        await raw.put("DLLM", 5)
        async with connected(f'  m: {{type: epics.motor, prefix: "{raw.name}"}}\n', epics_protocol, tmp_path) as bl:
            for value in (1.0, -10.0, 10.0):
                with pytest.raises(LimitError):
                    await bl.m.set(value)
            assert await raw.get("RBV") == 0
