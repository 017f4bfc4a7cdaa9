"""What alarms say of puts over pvAccess: a text and a class, and a status only where STAT of a record tells it."""

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from ophyd_decl.connectors.protocol import Description, PutRequest
from ophyd_decl.connectors.pva import PvaConnector
from ophyd_decl.errors import NotTakenError
from ophyd_decl.vocab.datatypes import Datatype
from tests.servers import environment

STATUSES = ["NO_ALARM", "READ", "WRITE", "CALC", "COMM", "TIMEOUT", "LINK"]
DEVICE, DRIVER, RECORD, DATABASE = 1, 2, 3, 4
INVALID = 3


class Record:
    """A PV of p4p whose alarm a test chooses, with STAT of a record beside it where there is one."""

    def __init__(self) -> None:
        from p4p.nt import NTEnum, NTScalar
        from p4p.server.raw import SharedPV

        self.alarm: dict[str, Any] = {}
        self.value = SharedPV(nt=NTScalar("d"), initial=0.0)
        self.status = SharedPV(nt=NTEnum(), initial={"index": 0, "choices": STATUSES})
        self.value.put(self.put)

    def put(self, pv: Any, operation: Any) -> None:
        """Take what a client puts, with the alarm."""
        taken = operation.value().raw
        taken["alarm"] = self.alarm
        pv.post(taken)
        operation.done()


@pytest.fixture
async def record() -> AsyncIterator[Record]:
    from p4p.server import Server, StaticProvider

    ports = environment.pool().take()
    made, provider = Record(), StaticProvider("lab")
    for name, pv in {"A:x": made.value, "A:x.STAT": made.status, "A:alone": made.value}.items():
        provider.add(name, pv)
    conf = {key: value for key, value in environment.server_environment(ports).items() if "PVAS" in key}
    with Server(providers=[provider], conf=conf, useenv=False):
        yield made
    environment.pool().give_back(ports)


async def outcome_of(pva: PvaConnector, name: str) -> Any:
    channel = pva.channel(name, Datatype("float"))
    (described,) = await pva.connect([channel], time.monotonic() + 5)
    assert isinstance(described, Description), described
    (outcome,) = await pva.put([PutRequest(channel, 2.5, True, time.monotonic() + 5)])
    return outcome


@pytest.mark.parametrize(
    ("status", "message"), [(DEVICE, "WRITE"), (DRIVER, "COMM"), (DRIVER, "TIMEOUT"), (RECORD, "LINK")]
)
async def test_the_name_of_a_status_tells_it(pva: PvaConnector, record: Record, status: int, message: str) -> None:
    record.alarm = {"severity": INVALID, "status": status, "message": message}
    outcome = await outcome_of(pva, "A:x")
    assert type(outcome) is NotTakenError
    assert f"its alarm is {message}, INVALID" in str(outcome)


@pytest.mark.parametrize(
    ("severity", "status", "message"),
    [(2, RECORD, "LINK"), (INVALID, DEVICE, "READ"), (INVALID, DRIVER, "UDF"), (INVALID, DATABASE, "my words"),
     (INVALID, 0, "my words"), (0, 0, "")],
)  # fmt: skip
async def test_other_alarms_are_none_of_the_put(
    pva: PvaConnector, record: Record, severity: int, status: int, message: str
) -> None:
    record.alarm = {"severity": severity, "status": status, "message": message}
    assert await outcome_of(pva, "A:x") is None


@pytest.mark.parametrize(("name", "found"), [("COMM", True), ("LINK", True), ("CALC", False), ("READ", False)])
async def test_a_text_of_its_own_is_explained_by_the_record(
    pva: PvaConnector, record: Record, name: str, found: bool
) -> None:
    record.alarm = {"severity": INVALID, "status": RECORD, "message": "the door is open"}
    record.status.post({"index": STATUSES.index(name), "choices": STATUSES})
    outcome = await outcome_of(pva, "A:x")
    assert (outcome is not None) is found
    if found:
        assert f"its alarm is {name}, INVALID" in str(outcome)


async def test_a_text_that_nothing_explains_is_an_error_with_its_words(pva: PvaConnector, record: Record) -> None:
    """A record would be the reason of a put that was not done, and it cannot be asked."""
    record.alarm = {"severity": INVALID, "status": DRIVER, "message": "the door is open"}
    outcome = await outcome_of(pva, "A:alone")
    assert isinstance(outcome, NotTakenError)
    assert "'the door is open', INVALID" in str(outcome)
