"""The devices of types.yaml, and what is called otherwise in ophyd-async."""

import contextlib
from collections.abc import AsyncGenerator, Generator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ophyd_decl as core
from ophyd_decl import AsyncStatus, WatchableAsyncStatus, load_beamline, plans

__all__ = ["core"]
NAME = "ours"
HERE = Path(__file__).parent
FILES = {"-": "beamline.yaml", "_": "underscored.yaml"}


@contextlib.asynccontextmanager
async def devices(*, mock: bool = False, separator: str = "-") -> AsyncGenerator[SimpleNamespace]:
    """Give new devices, connected; those with an address only in mock mode."""
    beamline: Any = load_beamline(HERE / FILES[separator])
    soft = [name for name in beamline.devices if mock or name != "shutter"]
    (await beamline.aconnect(mock=mock, only=soft)).or_raise()
    yield SimpleNamespace(**{name: beamline[name] for name in soft})
    assert beamline.lens._context.binding.idle, "something is left"
    await beamline.aclose()


class Saved:
    """Settings that are saved to a file and put back."""

    def __init__(self, folder: Path) -> None:
        self._file = str(folder / "saved.yaml")

    def save(self, device: Any) -> Generator[Any, Any, Any]:
        yield from plans.save_settings(self._file, device)

    def restore(self, device: Any) -> Generator[Any, Any, Any]:
        yield from plans.restore_settings(self._file, device)


ensure_connected = plans.ensure_connected


def unconnected() -> Any:
    """Return a device that was not connected."""
    return load_beamline(HERE / "beamline.yaml").lens


def status(device: Any, make: Any) -> Any:
    """Return a status of a coroutine function."""
    return AsyncStatus(make, device._context.binding, device.name)


def watchable(device: Any, make: Any) -> Any:
    """Return a status of a function that makes an async iterator of updates."""
    return WatchableAsyncStatus(make, device._context.binding, device.name)


def outside(signal: Any, value: Any) -> Any:
    """Set a soft value as somebody else would."""
    core.set_mock_value(signal, value)
