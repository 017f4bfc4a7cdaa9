"""Run every scenario with one library: `program.py ours|theirs`; prints their facts as JSON."""

import asyncio
import importlib
import inspect
import json
import sys
import traceback
from typing import Any

from bluesky.run_engine import RunEngine
from facts import SCENARIOS, plain

for name in ("signals", "devices", "movable", "plans", "helpers", "mock"):
    importlib.import_module(f"scenarios_{name}")


def run(library: Any, engine: RunEngine, scenario: Any) -> Any:
    """Return the facts of one scenario, or how it failed."""
    try:
        if inspect.iscoroutinefunction(scenario):
            return asyncio.run_coroutine_threadsafe(scenario(library), engine.loop).result(60)
        return scenario(library, engine)
    except BaseException:  # noqa: BLE001  # the others go on; a test shows it
        return {"traceback": traceback.format_exc()}


def main() -> None:
    """Print the facts."""
    library = importlib.import_module(sys.argv[1])
    engine = RunEngine({}, call_returns_result=True)
    wanted = sys.argv[2:] or list(SCENARIOS)
    found = {name: plain(run(library, engine, SCENARIOS[name])) for name in wanted}
    print("FACTS " + json.dumps(found))


if __name__ == "__main__":
    main()
