"""What is said of an address that does not answer: no more than is known, and as soon as it is."""

import logging
import time
from pathlib import Path

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.cli.report_text import grouped
from ophyd_decl.connectors.protocol import Description
from ophyd_decl.connectors.registry import make_connector
from ophyd_decl.errors import AbsentError, SignalError
from tests.contract.labs import FLOAT, EpicsLab, RemoteLab, until
from tests.pace import turning
from tests.servers.ioc import Ioc


def absent(outcome: Description | SignalError) -> AbsentError:
    assert isinstance(outcome, AbsentError), outcome
    return outcome


async def test_missing_is_said_before_the_time_is_over(epics_protocol: str, lab_ioc: Ioc) -> None:
    lab = EpicsLab(epics_protocol, lab_ioc)
    number, near, far = (lab.channel(name, FLOAT) for name in ("number", "numbr", "something_else"))
    started = time.monotonic()
    async with turning() as clock:
        outcomes = await lab.connect(number, near, far, timeout_s=10)
        assert clock() < 3.0
    assert time.monotonic() - started > 1.0
    assert isinstance(outcomes[0], Description)
    missing, other = absent(outcomes[1]), absent(outcomes[2])
    assert (missing.verdict, other.verdict) == ("missing", "missing")
    assert lab_ioc.pv("number") in missing.problem
    assert missing.help == f"did you mean `{lab_ioc.pv('number')}`?"
    assert other.help is not None
    assert "did you mean" not in other.help
    await lab.connector.close()


async def test_a_field_that_its_record_does_not_have_says_so(epics_protocol: str, lab_ioc: Ioc) -> None:
    lab = EpicsLab(epics_protocol, lab_ioc)
    record = lab_ioc.pv("number")
    names = ("", ".VAL", ".DMOV", ".VALU")
    value, whole, field, near = (lab.connector.channel(f"{record}{name}", FLOAT) for name in names)
    outcomes = await lab.connect(value, whole, field, near, timeout_s=10)
    assert isinstance(outcomes[0], Description)
    assert isinstance(outcomes[1], Description)
    for error in map(absent, outcomes[2:]):
        assert error.verdict == "missing"
        assert error.problem == f"missing: the record `{record}` answers, this field of it does not"
        assert error.help == "is it of the record type that the file takes it for? Compare the prefix"
    hasty = absent((await lab.connect(lab.connector.channel(f"{record}.MOVN", FLOAT), timeout_s=0.3))[0])
    assert hasty.problem == f"unknown: nothing answered within 0.3 s; the record `{record}` answers"
    assert hasty.help == absent(outcomes[2]).help
    await lab.connector.close()


async def test_what_is_no_motor_record_is_said_once_for_all_its_fields(
    epics_protocol: str, lab_ioc: Ioc, tmp_path: Path
) -> None:
    file = tmp_path / "beamline.yaml"
    motor = f"{{type: epics.motor, protocol: {epics_protocol}, prefix: '{lab_ioc.pv('number')}'}}"
    file.write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: b\ndevices: {{m: {motor}}}\n")
    beamline = load_beamline(file)
    try:
        report = await beamline.aconnect(10)
    finally:
        await beamline.aclose()
    (device,) = report.devices
    (group,) = grouped(device.problems)
    assert len(group) == device.signals - device.connected > 25


async def test_unknown_where_nobody_answers(epics_protocol: str) -> None:
    connector = make_connector(epics_protocol)
    channels = [connector.channel(f"NOBODY:HERE:{name}", FLOAT) for name in "abc"] + [connector.channel("alone", FLOAT)]
    started = time.monotonic()
    outcomes = [absent(one) for one in await connector.connect(channels, started + 1.5)]
    assert time.monotonic() - started > 1.4
    assert {outcome.verdict for outcome in outcomes} == {"unknown"}
    assert "any of the 2 other names that begin with `NOBODY:HERE:`" in outcomes[0].problem
    assert outcomes[3].problem == "unknown: nothing answered within 1.5 s"
    await connector.close()


async def test_no_verdict_of_missing_on_the_word_of_another_server(epics_protocol: str, lab_ioc: Ioc) -> None:
    lab = EpicsLab(epics_protocol, lab_ioc)
    stranger = lab.connector.channel("ELSEWHERE:number", FLOAT)
    started = time.monotonic()
    outcomes = await lab.connect(lab.channel("number", FLOAT), stranger, timeout_s=1.7)
    assert time.monotonic() - started > 1.6
    assert absent(outcomes[1]).verdict == "unknown"
    await lab.connector.close()


async def test_silent_where_the_server_was_there_before(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    number = await lab.connected("number", FLOAT)
    lab.kill()
    await until(lambda: number.state == "closed", 1.0)
    (outcome,) = await lab.connect(lab.channel("count", FLOAT), timeout_s=1.5)
    assert absent(outcome).verdict == "silent"
    assert lab.neighbour in absent(outcome).problem


async def test_a_server_that_hangs_makes_nothing_missing(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    await lab.connected("number", FLOAT)
    count = lab.channel("count", FLOAT)
    with lab.hung():
        (outcome,) = await lab.connect(count, timeout_s=2.0)
        assert absent(outcome).verdict in ("unknown", "silent")
    (outcome,) = await lab.connect(count, timeout_s=lab.reconnection_s)
    assert isinstance(outcome, Description)


async def test_a_late_answer_is_used_and_logged(remote_lab: RemoteLab, caplog: pytest.LogCaptureFixture) -> None:
    lab = remote_lab
    lab.kill()
    number, count = lab.channel("number", FLOAT), lab.channel("count", FLOAT)
    outcomes = await lab.connect(number, count, timeout_s=0.5)
    assert {absent(outcome).verdict for outcome in outcomes} == {"unknown"}
    with caplog.at_level(logging.INFO, "ophyd_decl.connectors"):
        lab.start()
        # A server that has come late is given as long again before anything counts as missing.
        outcomes = await lab.connect(number, count, timeout_s=lab.reconnection_s)
    assert all(isinstance(outcome, Description) for outcome in outcomes)
    assert await lab.value(number) == 1.5
    assert f"{lab.address('number')} has answered after" in caplog.text
