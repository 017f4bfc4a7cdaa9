"""Labels of a Tango enum that change while the server does not tell, or cannot: nothing is mapped by position."""

import asyncio
import logging
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.connectors.tango import device, events, library, session
from ophyd_decl.errors import MismatchError, PutNotSentError, SignalError
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

#: A short one, in s.
LIVENESS_S = 2.4
LABELS, OTHERS = ["Low", "High", "Off"], ["High", "Low", "Off"]
#: Its time of liveness is so long that no configuration is compared because that is over.
BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: labels
liveness: 600
devices:
  good:
    type: tango.device
    trl: "GOOD"
    signals:
      mode: {attr: mode, dtype: enum, choices: [Low, High, Off], access: rw, format: read}
      pushed: {attr: pushed_mode, dtype: enum, choices: [Low, High, Off], access: rw, format: read}
      any: {attr: mode, dtype: any, access: rw, events: none}
"""


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


@pytest.fixture(params=["not yet", "never"])
async def bl(
    request: pytest.FixtureRequest, server: TangoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Any]:
    """Return a beamline to which nobody tells of new labels."""
    if request.param == "not yet":
        monkeypatch.setattr(device, "WATCH_AFTER_S", 600.0)
    else:  # the server refuses that kind of events for these attributes
        monkeypatch.setattr(library, "CONFIGURATION_EVENT", library.EVENT_TYPES["data_ready"])
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace('"GOOD"', f'"{server.trl()}"'))
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    for name in ("mode", "pushed_mode"):
        server.set(name, 1)
    yield made
    await made.aclose()
    for name in ("mode", "pushed_mode"):
        relabel(server, name, LABELS)


def relabel(server: TangoServer, name: str, labels: list[str]) -> None:
    proxy = server.client()
    (info,) = proxy.get_attribute_config_ex([name])
    info.enum_labels = labels
    proxy.set_attribute_config([info])


async def outcome(asked: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await asked
    except SignalError as error:
        return error


USES: dict[str, Callable[[Any], Coroutine[Any, Any, Any]]] = {
    "read": lambda signal: signal.get_value(),
    "locate": lambda signal: signal.locate(),
    "write": lambda signal: _set(signal, "High"),
}


async def _set(signal: Any, value: str) -> None:
    await signal.set(value)


@pytest.mark.parametrize("name", ["mode", "pushed"])
@pytest.mark.parametrize("use", USES)
async def test_labels_that_were_reordered_are_seen_by_the_first_use(
    bl: Any, server: TangoServer, use: str, name: str
) -> None:
    signal, attribute = bl.good[name], {"mode": "mode", "pushed": "pushed_mode"}[name]
    assert await signal.get_value() == "High"
    await asyncio.to_thread(relabel, server, attribute, OTHERS)
    error = await outcome(USES[use](signal))
    assert isinstance(error, MismatchError), error
    assert "Low, High, Off" in str(error)
    assert "High, Low, Off" in str(error)
    assert server.get(attribute) == 1  # nothing was written
    await asyncio.to_thread(relabel, server, attribute, LABELS)


async def test_an_attribute_that_is_made_anew_with_other_labels_is_not_written_by_the_old_ones(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path
) -> None:
    """One that has the same name and type: the server, whose events of its configuration stand, tells nobody."""
    server = tango_factory()
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace('"GOOD"', f'"{server.trl()}"'))
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    signal = made.good.mode
    link = signal.read_channel.link
    await until(lambda: link._watch is not None and link._watch.stands_from < time.monotonic())
    assert await signal.get_value() == "High"
    await until(lambda: not link.asks_labels)
    server.play("remake", "mode", OTHERS)
    assert isinstance(await outcome(_set(signal, "Low")), MismatchError)
    assert server.get("mode") == 1  # nothing was written
    assert isinstance(await outcome(signal.get_value()), MismatchError)
    await made.aclose()


@pytest.fixture
async def standing(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path
) -> AsyncIterator[tuple[Any, TangoServer]]:
    """Return a beamline whose server would tell of new labels, and the server; the time of liveness is short.

    Configurations are compared no more, as if the device did not answer to that.
    """
    server = tango_factory()
    text = BEAMLINE.replace('"GOOD"', f'"{server.trl()}"').replace("liveness: 600", f"liveness: {LIVENESS_S}")
    (tmp_path / "beamline.yaml").write_text(text)
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    links = [signal.read_channel.link for signal in (made.good.mode, made.good.pushed, made.good.any)]
    await until(lambda: all(link._watch is not None for link in links))
    await until(lambda: all(link._watch.stands_from < time.monotonic() for link in links))
    links[0].device.compare_at = math.inf
    yield made, server
    await made.aclose()


async def test_an_attribute_that_is_made_anew_is_read_by_the_old_labels_no_longer_than_liveness(
    standing: tuple[Any, TangoServer],
) -> None:
    bl, server = standing
    assert await bl.good.mode.get_value() == await bl.good.any.get_value() == "High"
    remade_at = time.monotonic()
    server.play("remake", "mode", OTHERS)
    await asyncio.sleep(remade_at + LIVENESS_S - time.monotonic())
    assert isinstance(await outcome(bl.good.mode.get_value()), MismatchError)
    assert await bl.good.any.get_value() == "Low"


async def test_what_is_held_of_one_that_is_made_anew_is_served_no_longer_than_liveness(
    standing: tuple[Any, TangoServer],
) -> None:
    bl, server = standing
    await bl.good.stage()
    await until(lambda: bl.good.pushed.read_channel.updates == "change")
    assert (await bl.good.read())["good-pushed"]["value"] == "High"
    remade_at = time.monotonic()
    server.play("remake", "pushed_mode", OTHERS)
    await asyncio.sleep(remade_at + LIVENESS_S - time.monotonic())
    assert isinstance(await outcome(bl.good.read()), SignalError)
    await bl.good.unstage()


async def test_what_is_not_declared_has_the_labels_of_now(bl: Any, server: TangoServer) -> None:
    signal = bl.good.any
    assert await signal.get_value() == "High"
    await asyncio.to_thread(relabel, server, "mode", OTHERS)
    assert await signal.get_value() == "Low"
    await asyncio.to_thread(relabel, server, "mode", LABELS)
    assert isinstance(await outcome(_set(signal, "Low")), PutNotSentError)
    assert server.get("mode") == 1
    await signal.set("Low")
    assert server.get("mode") == 0


async def test_what_is_held_is_not_served_and_subscribers_are_told_no_wrong_label(
    bl: Any, server: TangoServer, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[str] = []
    bl.good.pushed.subscribe(lambda reading: seen.append(reading["good-pushed"]["value"]))
    await bl.good.stage()
    await until(lambda: seen and bl.good.pushed.read_channel.updates == "change")
    for value in ("Low", "Off", "High"):
        server.set("pushed_mode", value)
        await until(lambda value=value: seen[-1] == value)
        assert (await bl.good.read())["good-pushed"]["value"] == value
    before = list(seen)
    await asyncio.to_thread(relabel, server, "pushed_mode", OTHERS)
    server.set("pushed_mode", 0)
    assert isinstance(await outcome(bl.good.read()), SignalError)
    await until(lambda: isinstance(bl.good.pushed.read_channel.failure, MismatchError))
    assert seen == before
    await bl.good.unstage()


async def test_it_is_said_once_that_nobody_tells_of_new_labels(
    server: TangoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(library, "CONFIGURATION_EVENT", library.EVENT_TYPES["data_ready"])
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace('"GOOD"', f'"{server.trl()}"'))
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()

    def told() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]

    await until(lambda: len(told()) == 3)
    assert all("each read and each write asks for them" in text for text in told())
    assert [text.partition("#")[0].rpartition("/")[2] for text in told()].count("pushed_mode") == 1
    await made.aclose()


async def test_a_configuration_that_changes_before_its_events_stand_is_noticed(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody uses the signal meanwhile, and the device tells nobody, as if that had been published too soon."""
    monkeypatch.setattr(events, "CONFIRM_S", 4.0)
    server = tango_factory()
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace('"GOOD"', f'"{server.trl()}"'))
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    channel = made.good.any.read_channel
    await until(lambda: channel.link._watch is not None and channel.link._watch.stands_from < math.inf)
    await asyncio.sleep(0.5)  # until the first event tells all that the device has, as it does of each subscription
    server.play("remake", "mode", OTHERS)
    assert channel.generation == 1
    await until(lambda: channel.generation == 2, 20.0)
    assert channel.description.choices == tuple(OTHERS)
    await made.aclose()


async def test_a_configuration_that_changes_while_it_is_asked_for_is_noticed(
    tango_client: None, tango_factory: TangoFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer under way was given before, and comes behind the event."""
    server = tango_factory()
    (tmp_path / "beamline.yaml").write_text(BEAMLINE.replace('"GOOD"', f'"{server.trl()}"'))
    made: Any = load_beamline(tmp_path / "beamline.yaml")
    (await made.aconnect(timeout=20)).or_raise()
    channel = made.good.any.read_channel
    await until(lambda: channel.link._watch is not None and channel.link._watch.stands_from < time.monotonic())
    answered, told = threading.Event(), threading.Event()
    describe = session.describe

    def slowly(*arguments: Any, **options: Any) -> Any:
        answer = describe(*arguments, **options)
        answered.set()
        told.wait(20)
        return answer

    monkeypatch.setattr(session, "describe", slowly)
    await asyncio.to_thread(relabel, server, "mode", OTHERS)
    await until(answered.is_set)
    events_of: list[None] = []
    reconfigured = channel.link.reconfigured
    monkeypatch.setattr(channel.link, "reconfigured", lambda info: (events_of.append(None), reconfigured(info)))
    await asyncio.to_thread(relabel, server, "mode", LABELS)
    await until(lambda: events_of)
    await asyncio.sleep(0.3)  # a server may tell of a change more than once
    assert channel.state != "connected"
    told.set()
    await until(lambda: channel.state == "connected" and channel.description.choices == tuple(LABELS), 10.0)
    await made.aclose()
