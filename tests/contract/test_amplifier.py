"""Current amplifiers of the library on real records, over Channel Access and pvAccess."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest
from bluesky import RunEngine
from bluesky.protocols import Movable

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, MismatchError, ReadError
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

pytestmark = pytest.mark.usefixtures("closed_channels")
LIMIT_S = 30.0
GAINS = "{10^4 V/A: 1.0e+4, 10^5 V/A: 1.0e+5, 10^6 V/A: 1.0e+6}"


@pytest.fixture(scope="module")
def server(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(Path(__file__).parent / "amplifier.db")


@pytest.fixture
def load(server: Ioc, epics_protocol: str, tmp_path: Path) -> Callable[..., Any]:
    def load(gains: str = GAINS) -> Any:
        path = tmp_path / "beamline.yaml"
        path.write_text(
            f"api: ophyd_decl/v1\nkind: beamline\nname: lab\ndefaults: {{protocol: {epics_protocol}}}\ndevices:\n"
            f'  amp: {{type: epics.amplifier, gain: "{server.pv("gain")}", voltage: "{server.pv("volts")}",\n'
            f"    gains: {gains}}}\n"
            f'  femto: {{type: epics.femto_dlpca_200, prefix: "{server.pv("femto:")}"}}\n'
        )
        return load_beamline(path)

    return load


@asynccontextmanager
async def connected(beamline: Any, *, ok: bool = True) -> AsyncIterator[Any]:
    try:
        report = await beamline.aconnect(timeout=LIMIT_S)
        assert report.ok is ok, str(report)
        yield beamline
    finally:
        await beamline.aclose()


async def test_a_gain_is_set_by_its_label_and_gives_the_current(load: Callable[..., Any], server: Ioc) -> None:
    async with connected(load()) as bl:
        assert isinstance(bl.amp, Movable)
        for label, gain in (("10^5 V/A", 1e5), ("10^6 V/A", 1e6), ("10^4 V/A", 1e4)):
            await bl.amp.set(label)
            values = {key: entry["value"] for key, entry in (await bl.amp.read()).items()}
            assert values == {
                "amp": label, "amp-voltage": pytest.approx(2e-6 * gain), "amp-volts_per_ampere": gain,
                "amp-current": pytest.approx(2e-6),
            }  # fmt: skip
        keys = await bl.amp.describe()
        assert (keys["amp-volts_per_ampere"]["units"], keys["amp-current"]["units"]) == ("V/A", "A")
        with pytest.raises(BadValueError, match=r"10\^7 V/A"):
            await bl.amp.set("10^7 V/A")
        assert '"10^4 V/A"' in server.command(f'dbgf "{server.pv("gain")}"')


async def test_a_declared_gain_that_the_server_does_not_have_is_an_error(load: Callable[..., Any]) -> None:
    async with connected(load("{10^4 V/A: 1.0e+4, 10^9 V/A: 1.0e+9}"), ok=False) as bl:
        (device, _) = bl.report.devices
        assert [(problem.code, problem.signal) for problem in device.problems] == [("E620", "amp.gain")]
        with pytest.raises(MismatchError, match=r"10\^9 V/A"):
            await bl.amp.set("10^4 V/A")


async def test_a_gain_of_the_server_that_is_not_declared_is_neither_set_nor_a_number(
    load: Callable[..., Any], server: Ioc
) -> None:
    async with connected(load("{10^4 V/A: 1.0e+4, 10^5 V/A: 1.0e+5}")) as bl:
        with pytest.raises(BadValueError, match=r"10\^6 V/A"):
            await bl.amp.set("10^6 V/A")
        server.put("gain", 2)
        try:
            assert await bl.amp.get_value(cached=False) == "10^6 V/A"
            with pytest.raises(ReadError, match=r"no entry '10\^6 V/A'; it has '10\^4 V/A', '10\^5 V/A'"):
                await bl.amp.read()
        finally:
            await bl.amp.set("10^4 V/A")


async def test_a_femto_has_the_gain_that_its_records_compute(load: Callable[..., Any]) -> None:
    async with connected(load()) as bl:
        femto = bl.femto
        labels = femto.gain._shape.datatype.labels
        assert len(labels) == 14
        for label in labels:
            await femto.set(label)
            gain = await femto.volts_per_ampere.get_value(cached=False)
            assert gain == await femto.record_gain.get_value(cached=False) == float(label.split()[0])
        await femto.coupling.set("DC")
        assert (await femto.read_configuration())["femto-coupling"]["value"] == "DC"
        await femto.coupling.set("AC")
        with pytest.raises(BadValueError, match="UNDEF"):
            await femto.set("UNDEF")


@pytest.fixture
def bl(load: Callable[..., Any]) -> Iterator[Any]:
    beamline = load()
    beamline.connect(timeout=LIMIT_S).or_raise()
    yield beamline
    beamline.close()


def test_the_current_is_the_same_at_every_gain_of_a_plan(bl: Any, run_engine_factory: Callable[..., RunEngine]) -> None:
    engine = run_engine_factory()
    events: list[dict[str, Any]] = []
    engine.subscribe(lambda _, document: events.append(document["data"]), "event")

    def plan() -> Any:
        yield from bps.mv(bl.amp, "10^4 V/A")
        yield from bp.list_scan([bl.amp], bl.amp, ["10^5 V/A", "10^6 V/A"])

    engine(plan())
    assert [event["amp-volts_per_ampere"] for event in events] == [1e5, 1e6]
    assert [event["amp-current"] for event in events] == pytest.approx([2e-6, 2e-6])
