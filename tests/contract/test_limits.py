"""Limits of file and server: which hold, and where the file is that says what the server has otherwise."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.cli.report_text import report_text
from ophyd_decl.errors import AbsentError, LimitError, MismatchError, Place
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


async def test_what_a_type_of_a_library_meets_is_told_where_it_is_used(
    server: Ioc, axes: Motors, epics_protocol: str, tmp_path: Path
) -> None:
    (tmp_path / "types.yaml").write_text(
        "api: ophyd_decl/v1\nkind: types\nnamespace: n\ntypes:\n  s:\n    params: {axis: {type: str}}\n"
        '    children:\n      m: {type: epics.motor, prefix: "${{ axis }}"}\n'
        f'    signals:\n      own: {{pv: "{server.pv("ao")}", dtype: float, access: rw, limits: [-1, 1]}}\n'
    )
    async with RAW[OTHER[epics_protocol]](axes.take()) as raw:
        await raw.put("DHLM", 5)
        await raw.put("DLLM", -5)
        devices = (
            f'  s: {{type: n.s, axis: "{raw.name}"}}\n  a: {{type: epics.ao, prefix: "{server.pv("ao")}"}}\n'
            f'  gone: {{type: epics.motor, prefix: "{server.pv("ao")}"}}\nuse: [./types.yaml]\n'
        )
        async with connected(devices, epics_protocol, tmp_path) as bl:
            in_type, beamline = ("types.yaml", 8), "i99.yaml"
            for device, place, library in ((bl.s.m, in_type, "motor.yaml"), (bl.a, (beamline, 7), "record.yaml")):
                with pytest.raises(LimitError) as caught:
                    await device.set(1e9)
                check_place(caught.value.place, place, library)
            with pytest.raises(AbsentError) as absent:
                await bl.gone.velocity.get_value()
            check_place(absent.value.place, (beamline, 8), "motor.yaml")
            with pytest.raises(AbsentError) as absent:
                await bl.gone.read_configuration()
            for one in getattr(absent.value, "failures", ()) or (absent.value,):
                check_place(one.place, (beamline, 8), "motor.yaml")
            with pytest.raises(LimitError) as own:
                await bl.s.own.set(2)
            assert str(own.value.place).endswith("types.yaml:10:7")  # the user's own type: where it is
            report = bl.report
            problems = next(device.problems for device in report.devices if device.name == "gone")
            assert {(Path(one.file).name, one.line) for one in problems} == {(beamline, 8)}
            assert all(one.declared and Path(one.declared.file).name == "motor.yaml" for one in problems)
            text = report_text(report)
            assert re.search(r"gone\.\w+ .* \S*i99\.yaml:8:3, declared at \S*epics/motor\.yaml:\d+:7$", text, re.M)


def check_place(place: Place | None, used: tuple[str, int], library: str) -> None:
    """Assert that an error is told at a line of the user, with that of the library after it."""
    assert place is not None
    assert (Path(place.file).name, place.line) == used
    assert place.declared is not None
    assert Path(place.declared.file).name == library
    assert str(place).endswith(f"{used[0]}:{used[1]}:{place.column}, declared at {place.declared}")


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
