"""Connecting from the body of a plan, on the loop of its RunEngine."""

import asyncio
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from bluesky.utils import Msg

from ..devices.python_device import PythonDevice, holder_of
from ..session.connecting import connect_devices
from ..session.expectations import check_settings
from ..session.hosting import make_hosted
from ..session.report import Report, report_of
from ..session.updates import pick_named


def ensure_connected(*devices: Any, timeout: float | None = None) -> Generator[Msg, Any, None]:
    """Connect devices, and raise if one of them is not usable.

    :param devices: devices or signals; what is below a device of the beamline connects the whole device.
    :param timeout: in s, for all together; None: the longest of their signals.
    :raises ReportError: names each device that is not usable, with its causes.
    """
    roots = list(dict.fromkeys(holder_of(device) for device in devices))

    tasks: list[asyncio.Task[Any]] = []

    async def connect() -> None:
        outcomes: dict[Any, Any] = {}
        started = time.monotonic()
        with ExitStack() as operations:
            for binding in dict.fromkeys(root._context.binding for root in roots):
                operations.enter_context(binding.operation())
            missing = [root for root in roots if not root._context.opened or _unusable(root)]
            make_hosted(missing)
            await connect_devices(missing, timeout, outcomes)
            await pick_named(missing, timeout, started)
            await check_settings(roots)
        devices = [replace(device, required=True) for device in report_of(roots, outcomes)]
        Report("the plan", None, time.monotonic() - started, devices).or_raise()

    def begin() -> asyncio.Task[Any]:
        tasks.append(asyncio.ensure_future(connect()))
        return tasks[-1]

    try:
        yield Msg("wait_for", None, [begin])
    finally:
        for task in tasks:  # an abort ends the waiting only
            task.cancel()
    for task in tasks[-1:]:
        task.result()  # `wait_for` waits, and does not look


def _unusable(root: Any) -> bool:
    if isinstance(root, PythonDevice):
        return True  # connecting it again costs nothing where it is connected on this loop, and moves it here else
    (report,) = report_of([root], {})
    return report.state not in ("connected", "mocked")
