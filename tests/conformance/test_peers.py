"""Types of the library beside the devices of ophyd and ophyd-async: the same PVs, types, and sides.

Each difference stands in a table with its reason; any other fails, and so does one that is none any more.
"""

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main
from ophyd_decl.sim.environment import environment as variables_of
from tests.conformance.rivals import hosted
from tests.servers import environment

pytestmark = pytest.mark.timeout(600)  # it may have to install the other libraries
WALK = Path(__file__).parent / "peers" / "walk.py"
PREFIX = "P:m"
#: By suffix: dtype, empty where it is left to the server, and whether it is written.
Walked = dict[str, tuple[str, bool]]


@dataclass(frozen=True)
class Peer:
    """A device of another library for one of our types.

    :param missing: reason for which we leave PVs out, by suffix.
    :param types: dtype of theirs and of ours, with the reason, by suffix.
    :param sides: reason for which only one of both writes a PV, by suffix.
    :param more: reason for the PVs that only we have.
    """

    library: str
    kind: str
    missing: dict[str, str] = field(default_factory=dict[str, str])
    types: dict[str, tuple[str, str, str]] = field(default_factory=dict[str, tuple[str, str, str]])
    sides: dict[str, str] = field(default_factory=dict[str, str])
    more: str = ""


HOMING = "homing has no end that a client can tell from that of any other move; it is no move of a plan"
ENCODER = "the encoder and the steps of a turn are facts of the hardware; only the record works with them"
FLAG = ("int", "bool", "the record has 0 and 1 there and nothing else")
SETTING = "they are settings, which `settings restore` puts back"
MORE = "what says how a move ended (MISS, MSTA, LVIO, SPMG), and what the record moves with (BDST, RTRY)"
PEERS = [
    Peer(
        "ophyd", "ophyd:EpicsMotor",
        missing={".HOMF": HOMING, ".HOMR": HOMING, ".TDIR": "`moving` and the readback say it"},
        more=MORE,
    ),
    Peer(
        "ophyd-async", "ophyd_async.epics.motor:Motor",
        missing={
            ".ERES": ENCODER, ".UREV": ENCODER, ".SREV": ENCODER,
            ".OUT": "the link to the hardware is none of a plan's business",
        },
        types={".DMOV": FLAG, ".HLS": FLAG, ".LLS": FLAG},
        sides=dict.fromkeys((".EGU", ".MRES", ".PREC", ".RDBD", ".VMAX"), SETTING),
        more=MORE,
    ),
]  # fmt: skip


@pytest.fixture(params=PEERS, ids=lambda peer: peer.library)
def peer(request: pytest.FixtureRequest) -> Peer:
    return request.param


@pytest.fixture
def ours(tmp_path: Path) -> Walked:
    file = tmp_path / "i99.yaml"
    device = f"{{type: epics.motor, prefix: '{PREFIX}'}}"
    file.write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndevices: {{x: {device}}}\n")
    done = CliRunner().invoke(main, ["tree", str(file), "--format", "json"])
    assert done.exit_code == 0, done.output
    nodes = [node for node in json.loads(done.stdout)["nodes"] if node["source"]]
    return {
        node["source"].partition("://")[2].removeprefix(PREFIX): (
            "command" if node["kind"] == "command" else node["type"].partition("{")[0],
            node["kind"] == "command" or "w" in node["access"],
        )
        for node in nodes
    }


@pytest.fixture
def theirs(peer: Peer) -> Walked:
    ports = environment.pool().take()  # at which nobody answers
    others = ("PYTHON", "VIRTUAL_ENV", "EPICS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(others)}
    try:
        done = subprocess.run(
            [hosted(), WALK, peer.library, peer.kind, PREFIX],
            capture_output=True, text=True, env=kept | variables_of(ports.ca, ports.pva), timeout=120, check=False,
        )  # fmt: skip
    finally:
        environment.pool().give_back(ports)
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    walked = json.loads(line.removeprefix("ANSWER "))
    return {pv.removeprefix(PREFIX): (dtype, written) for pv, (dtype, written) in walked.items()}


def test_we_leave_out_only_what_the_table_says(peer: Peer, ours: Walked, theirs: Walked) -> None:
    assert sorted(theirs.keys() - ours.keys()) == sorted(peer.missing)
    assert all(peer.missing.values())
    assert bool(ours.keys() - theirs.keys()) is bool(peer.more)


def test_types_and_sides_are_the_same_where_the_table_does_not_say_otherwise(
    peer: Peer, ours: Walked, theirs: Walked
) -> None:
    both = sorted(ours.keys() & theirs.keys())
    assert len(both) >= 15
    commands = [suffix for suffix in both if ours[suffix][0] == "command"]  # a signal of theirs that is only written
    assert commands == [".STOP"]
    types = {
        suffix: (theirs[suffix][0], ours[suffix][0])
        for suffix in both
        if theirs[suffix][0] not in ("", ours[suffix][0]) and suffix not in commands
    }
    assert types == {suffix: said[:2] for suffix, said in peer.types.items()}
    sides = [suffix for suffix in both if theirs[suffix][1] is not ours[suffix][1]]
    assert sides == sorted(peer.sides)
