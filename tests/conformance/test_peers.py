"""Types of the library beside the devices of ophyd and ophyd-async: the same PVs, types, and sides.

Each difference stands in `peers/table.py` with its reason; any other fails, and so does one that is none any more.
"""

import json
import os
import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main
from ophyd_decl.sim.environment import environment as variables_of
from tests.conformance.peers.table import PEERS, Peer
from tests.conformance.rivals import hosted
from tests.servers import environment

pytestmark = pytest.mark.timeout(600)  # it may have to install the other libraries
WALK = Path(__file__).parent / "peers" / "walk.py"
PREFIX = "P:m"
#: By suffix: dtype, empty where it is left to the server, and whether it is written.
Walked = dict[str, tuple[str, bool]]


@pytest.fixture(params=PEERS, ids=lambda peer: peer.name)
def peer(request: pytest.FixtureRequest) -> Peer:
    return request.param


@pytest.fixture
def ours(peer: Peer, tmp_path: Path) -> Walked:
    file = tmp_path / "i99.yaml"
    params = f", {peer.params}" if peer.params else ""
    device = f"{{type: {peer.ours}, prefix: '{PREFIX}'{params}}}"
    beside = f"  {peer.beside}\n" if peer.beside else ""
    file.write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: i99\ndevices:\n{beside}  x: {device}\n")
    done = CliRunner().invoke(main, ["tree", str(file), "--format", "json"])
    assert done.exit_code == 0, done.output
    nodes = [node for node in json.loads(done.stdout)["nodes"] if f"://{PREFIX}" in (node["source"] or "")]
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


def shortened(suffix: str) -> str:
    """Return a suffix with `*` for the number of a channel."""
    return re.sub(r"^\.(NM|PR|[SG])\d+$", r".\1*", suffix)


def test_we_leave_out_only_what_the_table_says(peer: Peer, ours: Walked, theirs: Walked) -> None:
    missing = {shortened(suffix) for suffix in theirs.keys() - ours.keys()}
    said = {pattern: {suffix for suffix in missing if fnmatchcase(suffix, pattern)} for pattern in peer.missing}
    assert missing - set().union(*said.values()) == set()
    assert [pattern for pattern, suffixes in said.items() if not suffixes] == []
    assert all(peer.missing.values())
    assert bool(ours.keys() - theirs.keys()) is bool(peer.more)


def test_types_and_sides_are_the_same_where_the_table_does_not_say_otherwise(
    peer: Peer, ours: Walked, theirs: Walked
) -> None:
    both = sorted(ours.keys() & theirs.keys())
    assert len(both) >= 12
    commands = [suffix for suffix in both if ours[suffix][0] == "command"]  # a signal of theirs that is only written
    assert commands == sorted(peer.commands)
    types = {
        shortened(suffix): (theirs[suffix][0], ours[suffix][0])
        for suffix in both
        if theirs[suffix][0] not in ("", ours[suffix][0]) and suffix not in commands
    }
    assert types == {suffix: said[:2] for suffix, said in peer.types.items()}
    sides = {shortened(suffix) for suffix in both if theirs[suffix][1] is not ours[suffix][1]}
    assert sorted(sides) == sorted(peer.sides)
