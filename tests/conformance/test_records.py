"""The same records, read and described by us, by ophyd-async and by ophyd at the same time.

What differs stands in one table, with its reason; any other difference fails, and so does a row that no longer occurs.
Nobody is told a type: the clients find out by themselves.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ophyd_decl import signal
from ophyd_decl.session.standalone import close_all
from tests import rivals
from tests.conformance.record_rows import plain
from tests.conformance.rivals import answer, rival
from tests.servers.fixtures import IocFactory

pytestmark = pytest.mark.timeout(600)  # it may have to install the rivals
HERE = Path(__file__).parent
DATABASE = HERE / "records.db"
NAMES = tuple(re.findall(r'record\(\w+, "\$\(P\)(\w+)"', DATABASE.read_text()))
CLIENTS = ("ophyd-async-ca", "ophyd-async-pva", "ophyd")
#: What is compared, of readings and of data keys.
KEYS = (
    "value", "timestamp", "alarm_severity", "dtype", "dtype_numpy", "shape", "units", "precision", "limits", "choices",
    "source",
)  # fmt: skip
ENUMS = ("bi", "mbbi")


class Difference(NamedTuple):
    """Rows of the table: one key of some records, where one client and we differ.

    :param ours: what we say, where that is the same for all these records; `ANY` where it is not.
    """

    client: str
    records: tuple[str, ...]
    key: str
    ours: Any
    theirs: Any
    reason: str


ANY: Any = object()
#: Stands for a key that a client does not give.
ABSENT: Any = None
LONG = "a text that is longer than the forty characters which fit into an EPICS string"
DIFFERENCES = (
    Difference(
        "ophyd-async-ca", ("lsi",), "value", LONG, LONG[:39],
        "without the `$` form a long string is cut off after 39 bytes; ours takes it by itself",
    ),
    Difference(
        "ophyd", ("lsi",), "value", LONG, LONG[:39],
        "without the `$` form a long string is cut off after 39 bytes; ours takes it by itself",
    ),
    Difference("ophyd", NAMES, "alarm_severity", ANY, ABSENT, "ophyd's readings have none; ophyd-async's do"),
    Difference("ophyd", NAMES, "dtype_numpy", ANY, ABSENT, "ophyd's data keys have none; ophyd-async's do"),
    Difference("ophyd", NAMES, "source", ANY, ANY, "ophyd says `PV:NAME`; ours names the protocol, as ophyd-async's"),
    Difference("ophyd", ENUMS, "value", ANY, ANY, "ophyd reads the index; ours the label, which cannot be mistaken"),
    Difference("ophyd", ENUMS, "dtype", "string", "integer", "ophyd reads the index; ours the label"),
    Difference("ophyd", ENUMS, "choices", ANY, ABSENT, "ophyd has them under `enum_strs`; the schema says `choices`"),
    Difference(
        "ophyd", ("ai", "ao", "longin", "minor", "major", "invalid"), "limits", ANY, ABSENT,
        "ophyd has `lower_ctrl_limit` and `upper_ctrl_limit`; the schema says `limits`",
    ),
)  # fmt: skip


def ours(protocol: str, prefix: str) -> dict[str, Any]:
    """Return what our signals say of each record."""
    signals = {name: signal(f"{protocol}://{prefix}{name}", name=name, access="r") for name in NAMES}

    async def look() -> dict[str, Any]:
        return {name: {**(await each.read())[name], **(await each.describe())[name]} for name, each in signals.items()}

    try:
        return json.loads(json.dumps(asyncio.run(look()), default=plain))
    finally:
        close_all()


@pytest.fixture(scope="module")
def sides(module_ioc_factory: IocFactory) -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Return what we say, and what each other client says, of each record."""
    python = rival("epics", *rivals.EPICS)
    prefix = module_ioc_factory(DATABASE).prefix
    own = {protocol: ours(protocol, prefix) for protocol in ("ca", "pva")}
    script = HERE / "record_rows.py"
    return {
        client: (own["pva" if client.endswith("pva") else "ca"], answer(python, script, "ROWS", client, prefix, *NAMES))
        for client in CLIENTS
    }


@pytest.mark.parametrize("client", CLIENTS)
def test_only_what_the_table_says_differs(client: str, sides: Any) -> None:
    found = differences(*sides[client])
    told = {(name, row.key): row for row in DIFFERENCES if row.client == client for name in row.records}
    unknown = {key: both for key, both in found.items() if key not in told or not agrees(told[key], *both)}
    assert not unknown, "differences that no row of the table explains"
    assert not set(told) - set(found), "rows of the table that do not occur"


def test_nobody_fails_and_everything_is_compared(sides: Any) -> None:
    for own, others in sides.values():
        assert list(own) == list(others) == list(NAMES)
        assert not [name for name, row in others.items() if "error" in row]
    own = sides["ophyd-async-ca"][0]
    for key in KEYS:
        assert any(key in row for row in own.values()), key
    assert {row["alarm_severity"] for row in own.values()} == {0, 1, 2, -1}
    assert own["whole"]["precision"] == 0
    assert set(own["ao"]["limits"]) == {"control", "display", "warning", "alarm"}


def differences(own: dict[str, Any], others: dict[str, Any]) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Return both sides of each key in which two clients differ."""
    found: dict[tuple[str, str], tuple[Any, Any]] = {}
    for name in NAMES:
        for key in KEYS:
            both = own[name].get(key, ABSENT), others[name].get(key, ABSENT)
            if not (same_time(*both) if key == "timestamp" else both[0] == both[1]):
                found[name, key] = both
    return found


def same_time(one: float, other: float) -> bool:
    """Return whether two timestamps are one; CA's other clients cut off what is below a microsecond."""
    return abs(one - other) < 1.5e-6


def agrees(row: Difference, own: Any, theirs: Any) -> bool:
    """Return whether a difference is what its row says."""
    return (row.ours is ANY or row.ours == own) and (row.theirs is ANY or row.theirs == theirs)
