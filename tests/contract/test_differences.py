"""Every difference between files and servers that there is, in one report: the whole of it, as text and as JSON.

`differences/` holds the beamline, the records that differ from it, and the reports. If a report changes, the new one is
in the folder that the failure names: look at it, and copy it there.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.cli.report_text import report_text
from ophyd_decl.errors import PutRefusedError
from tests.contract.labs import RECORDS, until
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "differences"


@pytest.fixture(scope="module")
def other_ioc(module_ioc_factory: IocFactory) -> Ioc:
    """Return an IOC that differs from the beamline."""
    return module_ioc_factory(FOLDER / "records.db", access=(FOLDER / "access.acf").read_text())


def beamline_text(protocol: str, ioc: Ioc) -> str:
    """Return the file of the beamline, for one protocol and the names of one server."""
    text = (FOLDER / "beamline.yaml").read_text().replace("protocol: ca", f"protocol: {protocol}")
    return text.replace('p: "T:"', f'p: "{ioc.prefix}"')


def settled(text: str, ioc: Ioc) -> str:
    """Return a report without what is different each time."""
    text = text.replace(ioc.prefix, "T:")
    text = re.sub(rf"[\w.-]+:({ioc.ports.ca}|{ioc.ports.pva + 1})\b", "SERVER", text)
    return re.sub(r"\b\d+\.\d+ s\b", "N s", text)


@pytest.mark.parametrize("form", ["txt", "json"])
def test_connect_reports_every_difference_at_once(
    other_ioc: Ioc, epics_protocol: str, form: str, tmp_path: Path
) -> None:
    (tmp_path / "beamline.yaml").write_text(beamline_text(epics_protocol, other_ioc))
    check_report(other_ioc, tmp_path, form, FOLDER / f"{epics_protocol}.{form}")


def check_report(ioc: Ioc, folder: Path, form: str, expected: Path) -> None:
    """Connect the beamline in a folder from the command line, and compare the whole report.

    :param form: `txt` or `json`.
    :param expected: file with the report; what was found is left beside the beamline under the same name.
    """
    options = ["--timeout", "4", "--format", {"txt": "text"}.get(form, form)]
    done = subprocess.run(
        [sys.executable, "-m", "ophyd_decl.cli", "connect", "beamline.yaml", *options],
        cwd=folder,
        env=os.environ | ioc.client_environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert done.stderr == ""
    text = settled(done.stdout, ioc)
    if form == "json":
        text = json.dumps(timeless(json.loads(text)), indent=1) + "\n"
    found = folder / expected.name
    found.write_text(text)
    assert text == expected.read_text(), f"see {found}"


def timeless(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the answer without the times, which are numbers there."""
    for report in (answer, *answer["devices"]):
        assert report.pop("elapsed_s") >= 0
    return answer


@pytest.fixture
async def load(tmp_path: Path) -> AsyncIterator[Callable[[str], Any]]:
    """Load beamlines from their text; they are closed after the test."""
    loaded: list[Any] = []

    def load_text(text: str) -> Any:
        (tmp_path / "beamline.yaml").write_text(text)
        loaded.append(load_beamline(tmp_path))
        return loaded[-1]

    yield load_text
    for beamline in loaded:
        await beamline.aclose()


@pytest.fixture
def beamline(load: Callable[[str], Any], other_ioc: Ioc, epics_protocol: str) -> Any:
    """Return the beamline, of which a test connects what it needs."""
    return load(beamline_text(epics_protocol, other_ioc))


def problems(beamline: Any, signal: str) -> list[tuple[str, str, str]]:
    """Return severity, code and cause of what is wrong with a signal now."""
    device = next(device for device in beamline.report.devices if device.name == signal.partition(".")[0])
    return [(one.severity, one.code, one.cause) for one in device.problems if one.signal == signal]


async def test_a_put_refused_for_rights_is_remembered_where_nothing_else_tells_them(
    beamline: Any, other_ioc: Ioc, epics_protocol: str
) -> None:
    await beamline.aconnect(only=["rights"])
    told = epics_protocol == "ca"
    start = beamline.rights.start
    before = [("error", "E621", "the server allows no write")] if told else []
    refused = ("error", "E621", "the server refused the put: Put not permitted, when it was last tried")
    assert problems(beamline, "rights.start") == before
    with pytest.raises(PutRefusedError):
        await start.execute()
    assert problems(beamline, "rights.start") == (before if told else [refused])
    other_ioc.put("start.ASG", "DEFAULT")
    try:
        if told:
            await until(lambda: not problems(beamline, "rights.start"))
        await start.execute()
        assert problems(beamline, "rights.start") == []
    finally:
        other_ioc.put("start.ASG", "READONLY")
    if told:
        await until(lambda: problems(beamline, "rights.start") == before)


async def test_a_put_refused_for_another_reason_is_a_warning_until_one_is_done(beamline: Any, other_ioc: Ioc) -> None:
    await beamline.aconnect(only=["rights"])
    disabled = beamline.rights.disabled
    assert problems(beamline, "rights.disabled") == []
    with pytest.raises(PutRefusedError):
        await disabled.set(2.0)
    ((severity, code, cause),) = problems(beamline, "rights.disabled")
    assert (severity, code) == ("warning", "E627")
    assert cause.startswith("the server refused the put")
    other_ioc.put("disabled.DISP", "0")
    try:
        await disabled.set(2.0)
        assert problems(beamline, "rights.disabled") == []
    finally:
        other_ioc.put("disabled.DISP", "1")


RULES = """\
ASG(DEFAULT) { RULE(1, WRITE) }
ASG(SHIFT) { INPA("$(P)permit") RULE(1, READ) RULE(1, WRITE) { CALC("A=1") } }
"""
SHIFT = """\
record(ao, "$(P)position") { field(VAL, "1") field(PINI, "YES") field(ASG, "SHIFT") }
record(bo, "$(P)permit") { field(VAL, "1") field(UDF, "0") field(PINI, "YES") field(ZNAM, "no") field(ONAM, "yes") }
"""
SHIFT_FILE = """\
api: ophyd_decl/v1
kind: beamline
name: shift
defaults: {{protocol: {protocol}}}
devices:
  axis: {{type: signal, pv: "{prefix}position", dtype: float, access: rw}}
"""


async def test_rights_that_change_at_run_time_are_followed(
    epics_protocol: str, ioc_factory: IocFactory, load: Callable[[str], Any], tmp_path: Path
) -> None:
    ioc = ioc_factory(SHIFT)  # an IOC without any rules at its start would never look at those that come later
    rules = tmp_path / "access.acf"

    def obey(text: str) -> None:
        rules.write_text(text.replace("$(P)", ioc.prefix))
        ioc.command(f'asSetFilename("{rules}")')
        ioc.command("asInit()")

    beamline = load(SHIFT_FILE.format(protocol=epics_protocol, prefix=ioc.prefix))
    (await beamline.aconnect()).or_raise()
    axis, told = beamline.axis, epics_protocol == "ca"

    async def may_not_write() -> None:
        if told:
            await until(lambda: problems(beamline, "axis") == [("error", "E621", "the server allows no write")])
        while not told and await done(2.0):  # the IOC follows its own rule with a moment's delay
            pass
        with pytest.raises(PutRefusedError, match="nothing was sent" if told else "not permitted"):
            await axis.set(3.0)
        assert [code for _, code, _ in problems(beamline, "axis")] == ["E621"]
        assert beamline.report.devices[0].state == "mismatch"
        assert await axis.get_value() == 2.0

    async def may_write() -> None:
        if told:
            await until(lambda: beamline.report.ok)
        while not await done(2.0):  # an IOC denies everything until it has read what its rules depend on
            pass
        await until(lambda: beamline.report.ok)

    async def done(value: float) -> bool:
        try:
            await axis.set(value)
        except PutRefusedError:
            return False
        return True

    await may_write()
    obey(RULES)
    await may_write()
    ioc.put("permit", 0)
    await may_not_write()
    ioc.put("permit", 1)
    await may_write()
    obey(RULES.replace("WRITE) { CALC", "READ) { CALC"))
    await may_not_write()
    obey(RULES)
    await may_write()


VERDICTS_FILE = """\
api: ophyd_decl/v1
kind: beamline
name: verdicts
defaults: {{protocol: {protocol}}}
devices:
  was_there: {{type: signal, pv: "{gone}number", dtype: float}}
  silent: {{type: signal, pv: "{gone}count", dtype: float}}
  there: {{type: signal, pv: "{there}good", dtype: float}}
  missing: {{type: signal, pv: "{there}godo", dtype: float}}
  unknown: {{type: signal, pv: "NOBODY:a", dtype: float}}
"""


async def test_each_verdict_stands_in_text_and_json(
    epics_protocol: str, other_ioc: Ioc, ioc_factory: IocFactory, load: Callable[[str], Any]
) -> None:
    gone = ioc_factory(RECORDS)
    beamline = load(VERDICTS_FILE.format(protocol=epics_protocol, gone=gone.prefix, there=other_ioc.prefix))
    await beamline.aconnect(only=["was_there"])
    gone.kill()
    await until(lambda: not beamline.report.devices[0].connected)
    report = await beamline.aconnect(timeout=3.5)
    causes = {one["name"]: one["problems"][0]["cause"] for one in report.to_json()["devices"] if one["problems"]}
    assert list(causes) == ["was_there", "silent", "missing", "unknown"]
    assert causes["was_there"] == "the connection is closed"
    assert causes["silent"].startswith("server silent: nothing answered within")
    assert f"`{gone.prefix}number` did before" in causes["silent"]
    assert causes["missing"].startswith(f"missing: `{other_ioc.prefix}good` answered")
    assert causes["unknown"].startswith("unknown: nothing answered within")
    shown = report_text(report)
    assert all(f"  error[E610]: {cause}\n" in shown for cause in causes.values())
    gone.start()  # a late answer makes a device connected, and the report says so
    await until(lambda: beamline.report.devices[1].state == "connected", 30.0)
    assert await beamline.silent.get_value() == 3.0
    assert "connected  silent" in report_text(beamline.report)


async def test_labels_that_may_not_be_read_are_not_said_to_differ(
    beamline: Any, other_ioc: Ioc, epics_protocol: str
) -> None:
    await beamline.aconnect(only=["rights"])
    codes = [code for _, code, _ in problems(beamline, "rights.mode")]
    causes = "; ".join(cause for _, _, cause in problems(beamline, "rights.mode"))
    assert "differ" not in causes
    if epics_protocol == "ca":
        assert codes == ["E620", "E622"]
        assert "the server allows no read" in causes
    else:
        assert codes == []  # a server of pvAccess lets everybody read
    other_ioc.put("hidden.ASG", "DEFAULT")
    try:
        await until(lambda: not problems(beamline, "rights.mode"))
        assert await beamline.rights.mode.get_value() == "High"
    finally:
        other_ioc.put("hidden.ASG", "HIDDEN")
