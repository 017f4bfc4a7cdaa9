"""Which event loop a beamline lives on: every order of connect and RunEngine that people write, each with a scan."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky.run_engine import RunEngine
from bluesky.utils import Msg
from event_model import DocumentNames, schema_validators

from ophyd_decl import wait
from ophyd_decl.errors import WouldBlockError, WrongLoopError
from ophyd_decl.plans import ensure_connected
from ophyd_decl.session.beamline import Beamline
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

from .beamlines import on_the_wire, scannable


@pytest.fixture(scope="module")
def own_ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory()


@pytest.fixture(params=["soft", "wire"])
def bl(request: pytest.FixtureRequest, own_ioc: Ioc) -> Iterator[Any]:
    made = scannable() if request.param == "soft" else on_the_wire(own_ioc.prefix)
    yield made
    made.close()


@pytest.fixture
def make_engine(run_engine_factory: Callable[..., RunEngine]) -> Callable[[], RunEngine]:
    return lambda: run_engine_factory({}, call_returns_result=True)


def scan(engine: RunEngine, bl: Any) -> list[float]:
    """Scan and return the positions in the events; every document is checked against its schema."""
    documents: list[Any] = []
    token = engine.subscribe(lambda name, doc: documents.append((name, doc)))
    engine(bp.scan([bl.det], bl.m.position, -1, 1, 3))
    engine.unsubscribe(token)
    for name, doc in documents:
        schema_validators[DocumentNames[name]].validate(doc)
    return [doc["data"]["m"] for name, doc in documents if name == "event"]


POSITIONS = [-1.0, 0.0, 1.0]


def test_connect_before_any_run_engine(bl: Any, make_engine: Any) -> None:
    assert bl.connect().ok
    assert any(thread.name == "ophyd_decl-loop" for thread in threading.enumerate())
    assert scan(make_engine(), bl) == POSITIONS
    assert not any(thread.name == "ophyd_decl-loop" for thread in threading.enumerate())


def test_connect_after_a_run_engine(bl: Any, make_engine: Any) -> None:
    engine = make_engine()
    assert bl.connect().ok
    assert bl._binding.loop is engine.loop
    assert scan(engine, bl) == POSITIONS


def test_two_run_engines_in_turn(bl: Any, make_engine: Any) -> None:
    first = make_engine()
    assert bl.connect().ok
    assert scan(first, bl) == POSITIONS
    second = make_engine()
    assert scan(second, bl) == POSITIONS
    assert scan(first, bl) == POSITIONS
    assert bl.m.position.get() == 1.0


def test_connect_in_asyncio_run_and_scan_afterwards(bl: Any, make_engine: Any) -> None:
    async def main() -> Any:
        report = await bl.aconnect()
        await bl.m.position.set(5.0)
        return report

    assert asyncio.run(main()).ok
    assert scan(make_engine(), bl) == POSITIONS


def test_a_loop_that_ended_while_devices_were_staged_holds_nothing_back(bl: Any, make_engine: Any) -> None:
    async def main() -> None:
        await bl.aconnect()
        await bl.m.stage()

    asyncio.run(main())
    assert scan(make_engine(), bl) == POSITIONS


def test_connect_under_a_running_loop_raises_and_says_what_to_write(bl: Any, make_engine: Any) -> None:
    async def jupyter() -> None:
        with pytest.raises(WouldBlockError, match=r"test\.connect\(\).*`await beamline\.aconnect\(\)`"):
            bl.connect()
        assert (await bl.aconnect()).ok
        engine = make_engine()
        assert scan(engine, bl) == POSITIONS  # the cell blocks its own loop, the RunEngine has another
        assert await bl.m.position.get_value() == 1.0

    asyncio.run(jupyter())


def test_a_beamline_in_use_on_another_loop_names_the_lines_to_swap(bl: Any, make_engine: Any) -> None:
    async def jupyter() -> None:
        await bl.aconnect()
        await bl.m.stage()
        engine = make_engine()
        with pytest.raises(WrongLoopError) as caught:
            engine(bps.rd(bl.m.position))
        assert "RE = RunEngine()\n    beamline.connect()" in str(caught.value)
        assert "m.position" in str(caught.value)
        await bl.m.unstage()

    asyncio.run(jupyter())


def test_connect_in_a_plan(bl: Any, make_engine: Any) -> None:
    engine = make_engine()

    def plan() -> Iterator[Msg]:
        yield from ensure_connected(bl.m, bl.det.counts)
        return (yield from bps.rd(bl.det.counts))

    assert engine(plan()).plan_result == 3
    assert bl._binding.loop is engine.loop


def test_a_synchronous_verb_in_the_body_of_a_plan_says_what_to_yield(bl: Any, make_engine: Any) -> None:
    engine = make_engine()
    bl.connect()

    def plan() -> Iterator[Msg]:
        yield Msg("null")
        bl.m.position.get()

    with pytest.raises(WouldBlockError, match=r"yield from bps\.rd"):
        engine(plan())


def test_synchronous_access_without_a_run_engine(bl: Any) -> None:
    bl.connect()
    bl.m.position.put(2.0)
    assert bl.m.position.get() == 2.0
    first, second = bl.m.position.set(3.0), bl.det.counts.set(4)
    wait(first, second, timeout=1)
    first.wait(timeout=1)
    assert (bl.m.position.get(), bl.det.counts.get()) == (3.0, 4)
    bl.det.counts.put(3)


def test_a_status_can_be_awaited_on_another_loop(bl: Any) -> None:
    bl.connect()
    status = bl.m.position.set(3.0)

    async def main() -> None:
        await status

    asyncio.run(main())
    assert status.success


async def test_one_loop_for_each_test_is_no_trouble(bl: Any) -> None:
    assert (await bl.aconnect()).ok
    await bl.m.position.set(1.0)
    assert await bl.m.position.get_value() == 1.0


def test_close_ends_the_thread(bl: Beamline) -> None:
    bl.connect()
    bl.close()
    assert not any(thread.name == "ophyd_decl-loop" for thread in threading.enumerate())
