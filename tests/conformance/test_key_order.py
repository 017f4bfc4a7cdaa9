"""The order of keys in documents is that of the file, whatever the hashes of this process are."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SCRIPT = """
import asyncio, json, sys
from ophyd_decl import load_beamline

async def main() -> None:
    beamline = load_beamline(sys.argv[1])
    await beamline.aconnect(mock=True)
    await beamline.mono.bragg.set(14.0)
    shown = {}
    for name, device in beamline.devices.items():
        described, read = list(await device.describe()), list(await device.read())
        configuration = list(await device.describe_configuration())
        shown[name] = [described, read, configuration, list(await device.read_configuration()), device.hints]
    print(json.dumps(shown))

asyncio.run(main())
"""
ROOT = Path(__file__).parents[2]


def test_key_order_is_the_same_in_20_runs_with_different_hash_seeds() -> None:
    paths = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"

    def answer_with(seed: int) -> str:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(ROOT / "beamlines" / "demo")],
            env=os.environ | {"PYTHONHASHSEED": str(seed), "PYTHONPATH": paths},
            stdout=subprocess.PIPE,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout

    with ThreadPoolExecutor(2) as few:  # other tests run beside this one
        answers = set(few.map(answer_with, range(1, 21)))
    assert len(answers) == 1
    (answer,) = answers
    assert answer.index('"pdet-channel-1-value"') < answer.index('"pdet-channel-2-value"')
