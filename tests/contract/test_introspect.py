"""`introspect` on servers: what it writes validates, agrees with its server, and is what a change is reported at."""

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ophyd_decl import load_beamline
from ophyd_decl.cli import main
from ophyd_decl.cli.introspect import command
from ophyd_decl.compile import compile_paths
from tests.contract.labs import until
from tests.contract.test_pvi import RECORDS, TIMEOUT_S
from tests.contract.test_pvi_changes import PATIENCE_S, Served
from tests.servers.fixtures import IocFactory
from tests.servers.panda import Panda


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def served(ioc_factory: IocFactory, tmp_path: Path) -> Served:
    database = tmp_path / "pvi.db"
    database.write_text(RECORDS.read_text())
    return Served(ioc_factory(database), database)


@pytest.fixture(scope="module")
def panda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panda]:
    server = Panda(tmp_path_factory.mktemp("panda"), "BL99I-EA-PANDA-01:", wrong=True)
    server.start()
    yield server
    server.close()


async def call(*arguments: str) -> Result:
    """Call the command in a thread, which has a loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, main, ["introspect", *arguments])


def beamline_of(folder: Path, name: str, pv: str) -> Any:
    """Return a beamline with the device, as the comment of the file says."""
    (folder / "beamline.yaml").write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: b\nuse: [{name}.yaml]\n"
        f'devices:\n  {name}: {{type: {name}.device, pvi: "{pv}"}}\n'
    )
    assert compile_paths([folder]).diagnostics == ()
    return load_beamline(folder)


async def test_the_file_of_a_running_device(served: Served, here: Path) -> None:
    pv = f"{served.ioc.prefix}PVI"
    printed = await call(f"pva://{pv}", "--name", "box", "--timeout", str(TIMEOUT_S))
    assert printed.exit_code == 0, printed.output
    done = await call(f"pva://{pv}", "--name", "box", "-o", "box.yaml", "--timeout", str(TIMEOUT_S))
    assert (done.exit_code, done.stdout) == (0, "written: box.yaml, 4 types, 1 members left out\n"), done.output
    text = (here / "box.yaml").read_text()
    assert printed.stdout == text.replace("use: [box.yaml]", "use: [FILE]")
    for line in (
        "gain: {dtype: float, access: rw, units: V}",
        "mode: {dtype: enum, choices: [Low, High], access: rw}",
        "setting: {dtype: int, access: w}",
        "trace: {dtype: float32, shape: [null]}",
        "name_: {dtype: str, access: rw}",
        "seq: {type: box.seq, keys: [1, 2]}",
        "ttl: {type: box.ttl, keys: [1, 2]}",
        "#   out: a vector of signals",
    ):
        assert line in text
    assert compile_paths([here / "box.yaml"]).diagnostics == ()
    beamline = beamline_of(here, "box", pv)
    try:
        report = await beamline.aconnect(TIMEOUT_S)
        assert [str(problem) for device in report.devices for problem in device.problems] == []
        assert report.ok
        assert report.signals == report.connected == 16
        served.restart(("$(HIGH=High)", "Hgih"))
        await until(lambda: beamline.report.devices[0].state == "mismatch", PATIENCE_S)
        await until(lambda: beamline.report.devices[0].connected == 15, PATIENCE_S)
        (problem,) = beamline.report.devices[0].problems
        lines = text.splitlines()
        assert (problem.code, Path(problem.file).name) == ("E620", "box.yaml")
        assert lines[problem.line - 1].strip().startswith("mode: ")
    finally:
        await beamline.aclose()


async def test_nothing_is_written_over_a_file(served: Served, here: Path) -> None:
    (here / "box.yaml").write_text("mine")
    source = f"pva://{served.ioc.prefix}PVI"
    refused = await call(source, "-o", "box.yaml")
    assert refused.exit_code == 2
    assert "box.yaml is there already; --force replaces" in refused.stderr
    assert (here / "box.yaml").read_text() == "mine"
    assert (await call(source, "-o", "box.yaml", "--force", "--timeout", str(TIMEOUT_S))).exit_code == 0
    assert (here / "box.yaml").read_text().startswith("# Made by")


async def test_what_is_not_there_or_no_structure(served: Served, here: Path) -> None:
    absent = await call("pva://NO:SUCH:PVI", "-o", "x.yaml", "--timeout", "0.5")
    assert (absent.exit_code, absent.stdout) == (3, "")
    assert "pva://NO:SUCH:PVI: " in absent.stderr
    other = await call(f"pva://{served.ioc.prefix}gain", "-o", "x.yaml", "--timeout", str(TIMEOUT_S))
    assert other.exit_code == 3
    assert "says nothing of members" in other.stderr
    for wrong in ("PANDA:PVI", "ca://PANDA:PVI", "pva://", "pva://A B"):
        assert (await call(wrong)).exit_code == 2
    assert (await call("pva://A", "--name", "a b")).exit_code == 2
    assert not (here / "x.yaml").exists()


async def test_a_device_of_the_size_of_a_panda(panda: Panda, here: Path) -> None:
    """The lines of the help, for a server that has everything wrong that can be."""
    lines = [line.strip() for line in (command.epilog or "").splitlines() if line.strip().startswith("ophyd-decl ")]
    for line in lines:
        done = await call(*shlex.split(line)[2:], "--timeout", "8")
        assert done.exit_code == 0, done.output
    text = (here / "box.yaml").read_text()
    for name in ("scalar", "lost", "loop", "absent", "odd"):
        assert f"#   {name}: " in text
    assert "columns: {repeats: uint16, trigger: str, position: int32, time1: uint32, outa1: uint8}" in text
    beamline = beamline_of(here, "box", f"{panda.prefix}PVI")
    try:
        report = await beamline.aconnect(60.0)
        assert [str(problem) for device in report.devices for problem in device.problems] == []
        assert report.ok
        assert report.signals == report.connected == 972
    finally:
        await beamline.aclose()
