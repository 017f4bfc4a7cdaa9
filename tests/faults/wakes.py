"""How often other threads wake the event loop."""

import asyncio
from typing import Any

import pytest


class Wakes:
    """Counts how often other threads wake the running loop, as long as the test lasts."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        loop: Any = asyncio.get_running_loop()
        original = loop.call_soon_threadsafe

        def counted(*args: Any, **keywords: Any) -> Any:
            self.count += 1
            return original(*args, **keywords)

        monkeypatch.setattr(loop, "call_soon_threadsafe", counted)
