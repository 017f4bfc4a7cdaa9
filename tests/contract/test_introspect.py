"""`introspect` on servers: what it writes validates, agrees with its server, and is what a change is reported at."""

import asyncio
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tango
from click.testing import CliRunner, Result

from ophyd_decl import load_beamline
from ophyd_decl.cli import main
from ophyd_decl.cli.introspect import command
from ophyd_decl.compile import compile_paths
from ophyd_decl.errors import MismatchError
from tests.contract.labs import until
from tests.contract.test_pvi import RECORDS, TIMEOUT_S
from tests.contract.test_pvi_changes import PATIENCE_S, Served
from tests.docs.test_how_to import FILE, GUIDES, commands
from tests.servers.fixtures import IocFactory, TangoFactory
from tests.servers.panda import Panda
from tests.servers.tango_server import TangoServer


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


def beamline_of(folder: Path, name: str, address: str, param: str = "pvi") -> Any:
    """Return a beamline with the device, as the comment of the file says."""
    (folder / "beamline.yaml").write_text(
        f"api: ophyd_decl/v1\nkind: beamline\nname: b\nuse: [{name}.yaml]\n"
        f'devices:\n  {name}: {{type: {name}.device, {param}: "{address}"}}\n'
    )
    assert compile_paths([folder]).diagnostics == ()
    return load_beamline(folder)


def examples(scheme: str) -> list[str]:
    """Return the lines of the help for one control system."""
    lines = [line.strip() for line in (command.epilog or "").splitlines()]
    found = [line for line in lines if line.startswith("ophyd-decl ") and scheme in line]
    assert found
    return found


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
    assert absent.stderr.startswith("error: pva://NO:SUCH:PVI: ")
    assert (
        "\n  = help: is the server running, and the name right? Names are searched at EPICS_PVA_ADDR_LIST"
        in absent.stderr
    )
    other = await call(f"pva://{served.ioc.prefix}gain", "-o", "x.yaml", "--timeout", str(TIMEOUT_S))
    assert other.exit_code == 3
    assert "says nothing of members" in other.stderr
    for wrong in (
        "PANDA:PVI",
        "ca://PANDA:PVI",
        "pva://",
        "pva://A B",
        "tango://pc/a/b/c",
        "tango://pc:1/a/b",
        "a/b/c",
    ):
        assert (await call(wrong)).exit_code == 2
    assert (await call("pva://A", "--name", "a b")).exit_code == 2
    assert not (here / "x.yaml").exists()


async def test_a_device_of_the_size_of_a_panda(panda: Panda, here: Path) -> None:
    """The lines of the help, for a server that has everything wrong that can be."""
    for line in examples("pva://"):
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


async def test_the_guide(panda: Panda, here: Path) -> None:
    """What it writes connects without a difference, and so does what it declares by hand."""
    text = (GUIDES / "pvi.md").read_text()
    folder = here / "i99"
    folder.mkdir()
    for name, content in FILE.findall(text):
        (folder / name).write_text(content)
    first, second = commands(text, with_server=True)
    written = await asyncio.to_thread(CliRunner().invoke, main, [*first, "--timeout", "8"])
    assert written.exit_code == 0, written.output
    assert (folder / "box.yaml").exists()
    connected = await asyncio.to_thread(CliRunner().invoke, main, [*second, "--timeout", "8"])
    assert connected.exit_code == 0, connected.output


@pytest.fixture
def tango_server(tango_client: None, tango_factory: TangoFactory) -> TangoServer:
    return tango_factory()


def problems(beamline: Any) -> list[Any]:
    return [problem for device in beamline.report.devices for problem in device.problems]


async def test_the_file_of_a_running_tango_device(tango_server: TangoServer, here: Path) -> None:
    """Write it down, check it, connect with it, and change labels on the server: that is reported at their lines."""
    trl = tango_server.trl()
    done = await call(trl, "--name", "lab", "-o", "lab.yaml", "--timeout", str(TIMEOUT_S))
    said = "written: lab.yaml, 1 types, 7 declared in part: see its comments\n"
    assert (done.exit_code, done.stdout) == (0, said), done.output
    text = (here / "lab.yaml").read_text()
    lines = [line.strip() for line in text.splitlines()]
    in_part = {lines[at + 1].partition(":")[0] for at, line in enumerate(lines) if "no dtype is an array" in line}
    arrays = {"bool_spectrum", "bool_image", "modes", "mode_image", "state_spectrum", "state_image"}
    assert in_part == {*arrays, "EchoBooleans"}
    for line in (
        f'lab: {{type: lab.device, trl: "{trl}"}}',
        "number: {attr: number, dtype: float, access: rw, units: mm}",
        "mode: {attr: mode, dtype: enum, choices: [Low, High, Off], access: rw}",
        "guarded: {attr: guarded, dtype: float}",
        "my_attr_1: {attr: my.attr-1, dtype: float, access: rw}",
        "ulong64_scalar: {attr: ulong64_scalar, dtype: uint64, access: rw}",
        "string_image: {attr: string_image, dtype: str, shape: [null, null], access: rw}",
        "write_only: {attr: write_only, dtype: float, access: w}",
        "State: {attr: State, dtype: enum}",
        "State_: {cmd: State, returns: enum}",
        "Describe: {cmd: Describe, arg: float, returns: str}",
        "LongTable: {cmd: LongTable, returns: {dtype: table, columns: {lvalue: int32, svalue: str}}}",
    ):
        assert line in text
    assert compile_paths([here / "lab.yaml"]).diagnostics == ()
    beamline = beamline_of(here, "lab", trl, "trl")
    try:
        report = await beamline.aconnect(TIMEOUT_S)
        assert [str(problem) for problem in problems(beamline)] == []
        assert report.ok
        proxy = tango.DeviceProxy(trl)
        members = len(proxy.get_attribute_list()) + len(proxy.get_command_list())
        assert report.signals == report.connected == members
        assert await beamline.lab.my_attr_1.get_value() == 4.5

        (info,) = proxy.get_attribute_config_ex(["mode"])
        info.enum_labels = ["Low", "Hgih", "Off"]
        proxy.set_attribute_config([info])
        await until(lambda: [one.code for one in problems(beamline)] == ["E620"], PATIENCE_S)
        (problem,) = problems(beamline)
        at = [number for number, line in enumerate(text.splitlines(), 1) if line.strip().startswith("mode: ")]
        assert (problem.code, Path(problem.file).name, [problem.line], problem.column) == ("E620", "lab.yaml", at, 7)
        assert "Low, High, Off" in problem.expected
        assert "Low, Hgih, Off" in problem.found
        with pytest.raises(MismatchError):
            await beamline.lab.mode.get_value()

        tango_server.labels = ["High", "Low", "Off"]
        await asyncio.to_thread(tango_server.kill)
        await asyncio.to_thread(tango_server.start)
        expected = {"lab.mode", "lab.polled_mode", "lab.pushed_mode"}
        await until(lambda: {one.signal for one in problems(beamline)} == expected, PATIENCE_S)
    finally:
        await beamline.aclose()


async def test_labels_and_units_that_the_language_uses_itself(tango_server: TangoServer, here: Path) -> None:
    """Each is written, and connects; where one changes on the server, that is reported at its line."""
    odd = {
        "expression": ["${{ x }}", "$(P)", "a: ${{"],
        "empty": ["-", "", "Open"],
        "repeated": ["In", "In", "Out"],
    }
    for name, labels in odd.items():
        tango_server.play("add", name, "DevEnum", 0, enum_labels=labels)
    tango_server.play("add", "length", "DevDouble", 0.0, unit="${{ q }}")
    trl = tango_server.trl()
    done = await call(trl, "--name", "lab", "-o", "lab.yaml", "--timeout", str(TIMEOUT_S))
    assert done.exit_code == 0, done.output
    text = (here / "lab.yaml").read_text()
    lines = [line.strip() for line in text.splitlines()]
    at = {name: next(at for at, line in enumerate(lines) if line.startswith(f"{name}:")) for name in (*odd, "length")}
    assert "choices: ['-', '#1', Open]" in lines[at["empty"]]
    assert "choices: ['#0', '#1', Out]" in lines[at["repeated"]]
    for name in ("empty", "repeated"):
        assert lines[at[name] - 1].startswith("# labels that are empty or repeated stand as #")
    beamline = beamline_of(here, "lab", trl, "trl")
    try:
        assert (await beamline.aconnect(TIMEOUT_S)).ok
        assert problems(beamline) == []
        (key,) = (await beamline.lab.expression.describe()).values()
        assert key["choices"] == odd["expression"]
        (key,) = (await beamline.lab.length.describe()).values()
        assert key["units"] == "${{ q }}"
        proxy = tango.DeviceProxy(trl)
        for name in ("expression", "empty"):  # Tango sets no labels anew of which two are the same
            (info,) = proxy.get_attribute_config_ex([name])
            info.enum_labels = [*odd[name][:-1], "Else"]
            proxy.set_attribute_config([info])
        (info,) = proxy.get_attribute_config_ex(["length"])
        info.unit = "mm"
        proxy.set_attribute_config([info])
        expected = {f"lab.{name}": at[name] + 1 for name in ("expression", "empty", "length")}
        await until(lambda: {one.signal: one.line for one in problems(beamline)} == expected, PATIENCE_S)
    finally:
        await beamline.aclose()


async def test_the_examples_of_the_help_for_tango(tango_server: TangoServer, here: Path) -> None:
    for line in examples("tango://"):
        words = shlex.split(line)[2:]
        words[0] = tango_server.trl()
        done = await call(*words, "--timeout", str(TIMEOUT_S))
        assert done.exit_code == 0, done.output
        assert "namespace: ring" in done.stdout


async def test_a_tango_device_that_is_not_there(tango_server: TangoServer, here: Path) -> None:
    absent = await call(tango_server.trl("no/such/device"), "-o", "x.yaml", "--timeout", "2")
    assert (absent.exit_code, absent.stdout) == (3, "")
    assert "has no device `no/such/device`" in absent.stderr
    assert "\n  = help: " in absent.stderr
    assert not (here / "x.yaml").exists()


async def test_names_that_cannot_stand_in_a_file(tango_server: TangoServer, here: Path) -> None:
    for name in ("_hidden", "1st", "my_attr_1", "class", "-"):
        tango_server.play("add", name, "DevDouble", 1.0)
    done = await call(tango_server.trl(), "--name", "lab", "-o", "lab.yaml", "--timeout", str(TIMEOUT_S))
    assert done.exit_code == 0, done.output
    text = (here / "lab.yaml").read_text()
    for line in (
        "hidden: {attr: _hidden,",
        "member_1st: {attr: 1st,",
        "my_attr_1_: {attr: my_attr_1,",
        "class_: {attr: class,",
    ):
        assert line in text
    beamline = beamline_of(here, "lab", tango_server.trl(), "trl")
    try:
        assert (await beamline.aconnect(TIMEOUT_S)).ok
        assert problems(beamline) == []
    finally:
        await beamline.aclose()
