"""A server that hangs: it is noticed by what it does not say, and its return heals everything without a call."""

import asyncio
import time

from ophyd_decl.errors import DisconnectedError, ReadTimeoutError
from tests.contract.labs import FLOAT, RemoteLab, Seen, until
from tests.pace import turning

LIVENESS_S = 3.0


async def test_a_server_that_hangs_is_noticed_within_the_liveness_time_and_heals(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    lab.connector.liveness_s = LIVENESS_S
    number, count = lab.channel("number", FLOAT), lab.channel("count", FLOAT)
    await lab.connect(number, count)
    seen = Seen()
    monitor = lab.connector.monitor(number, seen)
    await until(lambda: seen.values == [1.5])
    # Quiet is not silent: nothing changes on this server, and nobody asks for anything.
    await asyncio.sleep(1.5 * LIVENESS_S)
    assert seen.errors == []
    assert number.generation == 1
    assert number.alive_at is not None
    assert time.monotonic() - number.alive_at < LIVENESS_S

    with lab.hung():
        began = time.monotonic()
        noticed_s = await until(lambda: seen.errors and count.state == "closed", 2 * LIVENESS_S + 0.5)
        stood_still_s = time.monotonic() - began - noticed_s  # and then it is looked at for as long again
        assert noticed_s < LIVENESS_S * (2 if stood_still_s > 0.3 else 1)
        assert number.state == "closed"
        assert number.alive_at is None
        assert isinstance(seen.errors[0], DisconnectedError)
        async with turning() as clock:
            (outcome,) = await lab.read(count, timeout_s=0.5)
            assert isinstance(outcome, DisconnectedError | ReadTimeoutError)
            assert clock() < 1.0
    await until(lambda: seen.values == [1.5, 1.5] and count.state == "connected", lab.reconnection_s)
    assert number.generation == 2
    assert await lab.value(count) == 3
    monitor.close()


async def test_a_loop_that_stands_still_does_not_make_a_server_silent(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    lab.connector.liveness_s = 2.0
    number = await lab.connected("number", FLOAT)
    await asyncio.sleep(0.6)
    for _ in range(2):
        time.sleep(2.5)  # noqa: ASYNC251  # it stands still
        await asyncio.sleep(0.3)
        assert number.state == "connected"
    assert number.generation == 1


async def test_a_short_hang_is_no_silence(remote_lab: RemoteLab) -> None:
    lab = remote_lab
    number = await lab.connected("number", FLOAT)
    seen = Seen()
    monitor = lab.connector.monitor(number, seen)
    await until(lambda: seen.values)
    with lab.hung():
        await asyncio.sleep(2.0)
    assert await lab.value(number) == 1.5
    assert seen.errors == []
    assert number.generation == 1
    monitor.close()
