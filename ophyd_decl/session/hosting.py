"""Connecting devices of other libraries beside ours, and what came of it.

ophyd waits for its PVs in a thread of its own for each device; ophyd-async connects on the loop. Neither may take
longer than its deadline, and nobody else waits for one that does.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from ..devices.hosted import Leaf, leaves_of, said
from ..devices.python_device import PythonDevice
from ..errors import AbsentError, SignalError
from ..vocab.keywords import CONNECT_TIMEOUT_S

#: How much longer than it was told a library may take before it is left alone, in s.
_GRACE_S = 1.0


@dataclass(slots=True)
class Hosting:
    """What came of connecting one hosted device.

    :ivar failures: by path below the device; empty for the device itself.
    :ivar elapsed_s: how long it took.
    """

    failures: dict[str, SignalError] = field(default_factory=dict[str, SignalError])
    elapsed_s: float = 0.0
    loop: asyncio.AbstractEventLoop | None = None


def make_hosted(devices: Sequence[Any]) -> None:
    """Make the hosted ones of some devices, before the time of a connect begins; errors are kept by their places.

    Those that could not be made are tried again.
    """
    for device in devices:
        if isinstance(device, PythonDevice) and device._context.shared.makes_python:
            device.try_again()
            device.or_itself()


async def connect_hosted(devices: Sequence[PythonDevice], timeout_s: float | None) -> None:
    """Connect hosted devices, all at once; what goes wrong is kept for the report.

    :param timeout_s: for all; None: that of a signal.
    """
    limit_s = CONNECT_TIMEOUT_S if timeout_s is None else timeout_s
    await asyncio.gather(*(_connect(device, limit_s) for device in devices))


async def _connect(device: PythonDevice, timeout_s: float) -> None:
    if not device._context.shared.makes_python:
        return
    made = device.or_itself()
    if made is device:
        return  # the place knows why
    started = time.monotonic()
    loop = asyncio.get_running_loop()
    before = device._hosting
    hosting = Hosting(loop=loop)
    mock = device._context.mock
    waiting: asyncio.Future[Any]
    if device._library == "ophyd-async":
        moved = before is not None and before.loop is not loop
        waiting = asyncio.ensure_future(made.connect(mock=mock, timeout=timeout_s, force_reconnect=moved))
    elif device._library == "ophyd" and hasattr(made, "wait_for_connection"):
        waiting = in_a_thread(device.path, lambda: made.wait_for_connection(timeout=timeout_s))
    else:
        waiting = loop.create_future()
        waiting.set_result(None)
    try:
        done, _ = await asyncio.wait([waiting], timeout=timeout_s + _GRACE_S)
    finally:
        if not waiting.done():
            waiting.cancel()
    if not done:
        hosting.failures[""] = AbsentError(f"its own connect has not ended after {timeout_s:g} s")
    else:
        error = AbsentError("its own connect was cancelled") if waiting.cancelled() else waiting.exception()
        if error is not None:
            hosting.failures.update(_failures(error, ""))
    hosting.elapsed_s = time.monotonic() - started
    device._hosting = hosting


def in_a_thread(name: str, call: Callable[[], Any]) -> "asyncio.Future[Any]":
    """Call something that blocks; a thread that is left alone does not keep the process from ending.

    :param name: of what is called, for the name of the thread.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()

    def end(answer: Any, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(answer)
        else:
            future.set_exception(error)

    def work() -> None:
        answer: Any = None
        failed: BaseException | None = None
        try:
            answer = call()
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits gets it
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(end, answer, failed)

    threading.Thread(target=work, name=f"ophyd_decl-hosted-{name}", daemon=True).start()
    return future


def _failures(error: BaseException, path: str) -> Iterator[tuple[str, SignalError]]:
    """Yield the errors of the signals that an error of a library speaks of, with their paths below the device."""
    below: Any = getattr(error, "sub_errors", None)
    if isinstance(below, Mapping) and below:
        for name, one in cast("Mapping[str, BaseException]", below).items():
            yield from _failures(one, f"{path}.{name}" if path else str(name))
        return
    problem = AbsentError(said(error))
    problem.__cause__ = error
    yield path, problem


State = Literal["connected", "absent", "degraded", "lazy", "mocked"]


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that is wrong with a hosted device."""

    code: str
    path: str
    source: str
    cause: str
    help: str
    error: SignalError | None = None


@dataclass(frozen=True, slots=True)
class HostedState:
    """How a hosted device is now.

    :param signals: how many it has; 0 where that is not known.
    """

    state: State
    signals: int
    connected: int
    elapsed_s: float
    troubles: tuple[Trouble, ...]


def state_of(device: PythonDevice) -> HostedState:
    """Return how a hosted device is now: ophyd says that itself, ophyd-async only what came of the last connect."""
    connection = device._context.connection
    if device._failure is not None:
        error = device._failure
        trouble = Trouble(error.code, device.path, device.class_name, error.problem, error.help or "", error)
        return HostedState("absent", 0, 0, 0.0, (trouble,))
    hosting = device._hosting
    if device._made is None or hosting is None:
        if connection.policy == "lazy" and not connection.mock:
            return HostedState("lazy", 0, 0, 0.0, ())
        trouble = Trouble("E610", device.path, device.class_name, "connect was not called", "call `beamline.connect()`")
        return HostedState("absent", 0, 0, 0.0, (trouble,))
    leaves = leaves_of(device._made, device._library)
    troubles = tuple(_troubles(device, hosting, leaves))
    missing = sum(_is_missing(leaf, hosting) for leaf in leaves)
    state: State = "connected"
    if connection.mock and not troubles:
        state = "mocked"
    elif troubles:
        state = "degraded" if 0 < missing < len(leaves) else "absent"
    return HostedState(state, len(leaves), len(leaves) - missing, hosting.elapsed_s, troubles)


def _is_missing(leaf: Leaf, hosting: Hosting) -> bool:
    if leaf.connected is not None:
        return not leaf.connected
    return "" in hosting.failures or any(
        leaf.path == path or leaf.path.startswith(f"{path}.") for path in hosting.failures
    )


def _troubles(device: PythonDevice, hosting: Hosting, leaves: Sequence[Leaf]) -> Iterator[Trouble]:
    sources = {leaf.path: leaf.source for leaf in leaves}
    help = "is the server running, and the name right?"
    said: list[Trouble] = []
    for leaf in leaves:
        if leaf.connected is False:
            said.append(Trouble("E610", _joined(device, leaf.path), leaf.source, "ophyd is not connected to it", help))
    if not said:
        live = any(leaf.connected for leaf in leaves)
        for path, error in hosting.failures.items():
            if not (live and isinstance(error.__cause__, TimeoutError)):  # else it has connected since
                source = sources.get(path) or device.class_name
                said.append(Trouble("E610", _joined(device, path), source, error.problem, help, error))
    yield from said


def _joined(device: PythonDevice, path: str) -> str:
    return f"{device.path}.{path}" if path else device.path
