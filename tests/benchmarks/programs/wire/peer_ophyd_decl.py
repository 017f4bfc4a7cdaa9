"""This package: devices from YAML, one group whose members are the signals."""

import asyncio
import importlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from peer import DevicePeer

from ophyd_decl import load_beamline

TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: bench
types:
  motor:
    params: {pv: {type: str}}
    signals:
      place: {pv: "${{ pv }}", dtype: float, access: rw, format: hinted}
    logic:
      movable: {use: setpoint, setpoint: place}
"""
HEAD = """\
api: ophyd_decl/v1
kind: beamline
name: bench
use: [./types.yaml]
devices:
"""


class OphydDeclPeer(DevicePeer):
    def __init__(self, protocol: str, names: list[str]) -> None:
        super().__init__(protocol, names)
        # Others import their client library when they are imported; here that would be part of the first connect.
        importlib.import_module(f"ophyd_decl.connectors.{protocol}")
        self._addresses = [f"{protocol}://{name}" for name in names]
        self._beamline = load(*self._bank_text())
        self._bank = self._beamline.bank
        self._signals: list[Any] = self._members()

    def _bank_text(self) -> tuple[str, list[str]]:
        """Return types, and lines of the device with all signals."""
        return TYPES, self._group("bank", self._addresses, "uncached")

    def _members(self) -> list[Any]:
        return [child for _, child in self._bank.children()]

    async def connect(self, timeout_s: float) -> int:
        report = await self._beamline.aconnect(timeout_s)
        return sum(device.connected for device in report.devices)

    async def read_all(self) -> list[float]:
        return [reading["value"] for reading in (await self._bank.read()).values()]

    async def read_one(self) -> float:
        (reading,) = (await self._signals[0].read()).values()
        return reading["value"]

    async def put_one(self, value: float) -> None:
        await self._signals[0].set(value)

    async def put_all(self, value: float) -> None:
        statuses = [signal.set(value) for signal in self._signals]
        for status in statuses:
            await status

    def monitor(self, callback: Callable[[str, float], None]) -> None:
        def subscribe(signal: Any, name: str) -> None:
            key = signal.name
            signal.subscribe(lambda readings: callback(name, readings[key]["value"]))

        for signal, name in zip(self._signals, self.names, strict=True):
            subscribe(signal, name)

    async def read_others(self, timeout_s: float) -> list[float]:
        connecting = asyncio.ensure_future(self._beamline.aconnect(timeout_s))
        await asyncio.sleep(0)
        readings = await self._beamline.read_many([signal.path for signal in self._signals[:-1]])
        connecting.cancel()
        return [reading["value"] for reading in readings.values()]

    def scanned(self, run_engine: Any, kind: str, *, fresh: bool) -> tuple[Any, list[Any]]:
        del run_engine, fresh  # the newest is used; and nothing is ever told that a move may have changed
        lines = self._group("detector", self._addresses[2:12], "hinted")
        for number, address in enumerate(self._addresses[:2]):
            if kind != "signals":
                lines.append(f'  axis{number}: {{type: bench.motor, pv: "{address}"}}')
            else:
                lines.append(f'  axis{number}: {{type: signal, pv: "{address}", dtype: float, access: rw}}')
        beamline = load(TYPES, lines)
        beamline.connect(30.0).or_raise()
        return beamline.detector, [beamline.axis0, beamline.axis1]

    @staticmethod
    def _group(name: str, addresses: list[str], format: str) -> list[str]:
        return [
            f"  {name}:",
            "    type: group",
            "    signals:",
            *(
                f'      s{number}: {{pv: "{address}", dtype: float, access: rw, format: {format}}}'
                for number, address in enumerate(addresses)
            ),
        ]


def load(types: str, lines: list[str]) -> Any:
    """Return the beamline with these types and lines of devices."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "types.yaml").write_text(types)
        file = Path(folder) / "beamline.yaml"
        file.write_text(HEAD + "\n".join(lines) + "\n")
        return load_beamline(file)
