"""The garbage collector is away while a beamline is loaded or connects, and back afterwards."""

import asyncio
import gc
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.collecting import Pause, without_collecting
from ophyd_decl.session import beamline, connecting, load

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: one
devices:
  m: {type: epics.motor, prefix: "BL:M"}
"""
SOFT = """\
api: ophyd_decl/v1
kind: beamline
name: soft
devices:
  s: {type: signal, soft: 1.0, dtype: float}
"""


@pytest.fixture(autouse=True)
def collector() -> Generator[None]:
    gc.enable()
    yield
    gc.enable()


def test_nothing_is_collected_meanwhile() -> None:
    with without_collecting():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_comes_back_after_an_error() -> None:
    with pytest.raises(KeyError), without_collecting():
        raise KeyError
    assert gc.isenabled()


def test_who_keeps_it_away_by_himself_is_left_alone() -> None:
    gc.disable()
    with without_collecting():
        pass
    assert not gc.isenabled()


def test_a_beamline_is_built_without_collecting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    class Watched(load.Beamline):
        def __init__(self, *arguments: Any) -> None:
            seen.append(gc.isenabled())
            super().__init__(*arguments)

    monkeypatch.setattr(load, "Beamline", Watched)
    (tmp_path / "beamline.yaml").write_text(BEAMLINE)
    assert list(load_beamline(tmp_path).devices) == ["m"]
    assert seen == [False]
    assert gc.isenabled()


def test_the_last_of_several_threads_brings_it_back() -> None:
    first, second = Pause(), Pause()
    first.end()
    first.end()
    assert not gc.isenabled()
    second.end()
    assert gc.isenabled()


def test_a_beamline_connects_without_collecting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []

    def watched(*arguments: Any) -> Any:
        seen.append(gc.isenabled())
        return report_of(*arguments)

    report_of = beamline.report_of
    monkeypatch.setattr(beamline, "report_of", watched)
    (tmp_path / "beamline.yaml").write_text(SOFT)
    loaded = load_beamline(tmp_path)
    loaded.connect()
    loaded.close()
    assert seen[0] is False
    assert gc.isenabled()


async def test_collecting_goes_on_where_servers_keep_a_connect_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "COLLECTED_AFTER_S", 0.01)
    with connecting.collected_later():
        assert not gc.isenabled()
        while not gc.isenabled():  # noqa: ASYNC110  # the collector tells nobody
            await asyncio.sleep(0.001)
    assert gc.isenabled()
