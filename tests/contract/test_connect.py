"""Connecting: many at once, each with its own outcome, and what is known afterwards."""

import time

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import AbsentError, MismatchError, NotConnectedError, SignalError
from tests.contract.labs import ANY, BOOL, ENUM, FLOAT, FLOATS, INT, MODES, TEXT, Lab, labelled, until
from tests.pace import turning


async def test_what_is_declared_right_connects(lab: Lab) -> None:
    names = {"number": FLOAT, "count": INT, "flag": BOOL, "mode": labelled(*MODES), "text": TEXT, "spectrum": FLOATS}
    channels = [lab.channel(name, datatype) for name, datatype in names.items()]
    assert [channel.state for channel in channels] == ["new"] * 6
    outcomes = await lab.connect(*channels)
    assert all(isinstance(outcome, Description) for outcome in outcomes)
    assert [channel.state for channel in channels] == ["connected"] * 6
    assert [channel.generation for channel in channels] == [1] * 6
    assert [channel.description for channel in channels] == outcomes


async def test_a_description_says_what_the_server_says(lab: Lab) -> None:
    number = (await lab.connected("number", FLOAT)).description
    mode = (await lab.connected("mode", ENUM)).description
    spectrum = (await lab.connected("spectrum", FLOATS)).description
    assert number is not None
    assert (number.units, number.precision, number.dtype_numpy, number.shape) == ("mm", 3, "<f8", ())
    assert number.limits is not None
    assert (number.limits.low, number.limits.high) == (-50, 50)
    assert mode is not None
    assert mode.choices == MODES
    assert spectrum is not None
    assert (spectrum.shape, spectrum.dtype_numpy, spectrum.units) == ((3,), "<f8", "V")


async def test_rights_are_told_where_the_protocol_tells_them(lab: Lab) -> None:
    guarded = (await lab.connected("guarded", FLOAT)).description
    number = (await lab.connected("number", FLOAT)).description
    assert guarded is not None
    assert number is not None
    assert (guarded.writable, number.writable) == (not lab.tells_rights, True)


async def test_an_absent_one_costs_its_deadline_and_the_others_are_there_before(lab: Lab) -> None:
    channels = [lab.channel(name, FLOAT) for name in ("number", "nowhere", "count")]
    started = time.monotonic()
    async with turning() as clock:
        outcomes = await lab.connect(*channels, timeout_s=0.5)
        assert clock() < 1.0
    assert lab.knows_missing or time.monotonic() - started > 0.45
    assert [type(outcome) for outcome in outcomes] == [Description, AbsentError, Description]
    assert [channel.state for channel in channels] == ["connected", "new", "connected"]
    assert "nowhere" in str(outcomes[1])
    (reading,) = await lab.read(channels[1])
    assert isinstance(reading, AbsentError)
    assert isinstance(await lab.put(channels[1], 1.0), AbsentError)


async def test_connecting_again_gives_the_same_at_once(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    async with turning() as clock:
        (outcome,) = await lab.connect(channel)
        assert clock() < 0.05
    assert outcome is channel.description
    assert channel.generation == 1


async def test_a_mismatch_names_both_sides_and_is_the_outcome_of_everything(lab: Lab) -> None:
    channel = lab.channel("number", INT)
    (outcome,) = await lab.connect(channel)
    assert isinstance(outcome, MismatchError)
    assert "float64" in str(outcome)
    assert "int" in str(outcome)
    assert outcome.source == channel.source
    assert isinstance((await lab.read(channel))[0], MismatchError)
    assert isinstance(await lab.put(channel, 1), MismatchError)


async def test_each_outcome_is_an_error_of_its_own(lab: Lab) -> None:
    channel = lab.channel("number", INT)
    (first,) = await lab.connect(channel)
    (second,) = await lab.connect(channel)
    assert first is not second


async def test_labels_in_another_order_are_refused(lab: Lab) -> None:
    channel = lab.channel("mode", labelled("High", "Low", "Off"))
    (outcome,) = await lab.connect(channel)
    assert isinstance(outcome, MismatchError)
    assert "order" in str(outcome)


async def test_a_check_is_asked_and_may_refuse_its_own_use_only(lab: Lab) -> None:
    asked: list[Description] = []

    def refuse(description: Description) -> SignalError:
        asked.append(description)
        return MismatchError("another unit", expected="m", found=description.units)

    refused, accepted = lab.channel("number", FLOAT, refuse), lab.channel("number", FLOAT)
    outcomes = await lab.connect(refused, accepted)
    assert [type(outcome) for outcome in outcomes] == [MismatchError, Description]
    assert [description.units for description in asked] == ["mm"]
    assert isinstance((await lab.read(refused))[0], MismatchError)
    assert await lab.value(accepted) == await lab.value(accepted)


async def test_a_check_that_fails_refuses(lab: Lab) -> None:
    channel = lab.channel("number", FLOAT, lambda description: 1 / 0)
    (outcome,) = await lab.connect(channel)
    assert isinstance(outcome, MismatchError)
    assert isinstance(outcome.__cause__, ZeroDivisionError)


async def test_a_blank_address_is_refused_without_a_search(lab: Lab) -> None:
    channel = lab.connector.channel("  ", ANY)
    async with turning() as clock:
        (outcome,) = await lab.connect(channel)
        assert clock() < 0.1
    assert isinstance(outcome, AbsentError)
    assert "blank" in str(outcome)


async def test_a_channel_that_was_not_connected_says_so(lab: Lab) -> None:
    channel = lab.channel("number", FLOAT)
    assert isinstance((await lab.read(channel))[0], NotConnectedError)
    assert isinstance(await lab.put(channel, 1.0), NotConnectedError)


async def test_two_uses_of_one_address_with_different_dtypes(lab: Lab) -> None:
    number, flag, label = lab.channel("count", FLOAT), lab.channel("flag", BOOL), lab.channel("flag", ENUM)
    await lab.connect(number, flag, label)
    assert [reading.value for reading in await lab.read(number, flag, label)] == [3.0, True, "Open"]  # type: ignore
    lab.connector.release(flag)
    assert await lab.value(label) == "Open"


async def test_a_released_channel_is_gone(lab: Lab) -> None:
    channel = await lab.connected("number", FLOAT)
    lab.connector.release(channel)
    assert isinstance((await lab.read(channel))[0], NotConnectedError)


async def test_a_thing_that_appears_later_is_connected_by_itself(mortal_lab: Lab) -> None:
    mortal_lab.kill()
    channel = mortal_lab.channel("number", FLOAT)
    (outcome,) = await mortal_lab.connect(channel, timeout_s=0.2)
    assert isinstance(outcome, AbsentError)
    mortal_lab.start()
    await until(lambda: channel.state == "connected", mortal_lab.reconnection_s)
    assert await mortal_lab.value(channel) == 1.5
