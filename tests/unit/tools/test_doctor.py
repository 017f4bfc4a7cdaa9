"""What `doctor` makes of an environment; nothing is sent for that."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from ophyd_decl.tools.doctor import Section, check_all
from ophyd_decl.tools.doctor.ask_tango import PATIENCE_S
from ophyd_decl.tools.doctor.ca import check_ca, loaded_libraries
from ophyd_decl.tools.doctor.pva import check_pva
from ophyd_decl.tools.doctor.python import check_python
from ophyd_decl.tools.doctor.tango import check_tango
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_database import TangoDatabase

QUIET_CA = {"EPICS_CA_AUTO_ADDR_LIST": "NO", "EPICS_CA_ADDR_LIST": "10.0.0.1 ioc2:5070"}
QUIET_PVA = {"EPICS_PVA_AUTO_ADDR_LIST": "NO", "EPICS_PVA_ADDR_LIST": "10.0.0.1 ioc2:5076 [::1]:5076"}


@pytest.fixture(autouse=True)
def cards(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Give the machine two interfaces, whichever it has."""
    names = ["eth0", "eth1"]
    monkeypatch.setattr("ophyd_decl.tools.doctor.epics._interfaces", lambda: names)
    return names


def findings(section: Section, *severities: str) -> list[str]:
    return [one.cause for one in section.findings if one.severity in (severities or ("error", "warning"))]


def test_nothing_to_say_where_all_is_well() -> None:
    assert findings(check_ca(QUIET_CA)) == findings(check_pva(QUIET_PVA)) == []
    assert findings(check_python({})) == []
    assert [section.name for section in check_all({})] == ["python", "ca", "pva", "tango"]


@pytest.mark.parametrize(
    ("check", "quiet", "variables", "severity", "cause", "help"),
    [
        (check_ca, {}, {}, "warning", "searches are broadcast on eth0, eth1", "EPICS_CA_AUTO_ADDR_LIST=NO"),
        (check_pva, {}, {}, "warning", "searches are broadcast on eth0, eth1", "EPICS_PVA_AUTO_ADDR_LIST=NO"),
        (check_ca, {}, {"EPICS_CA_AUTO_ADDR_LIST": "NO"}, "error", "nothing is searched", "set EPICS_CA_ADDR_LIST"),
        (check_pva, {}, {"EPICS_PVA_AUTO_ADDR_LIST": "NO"}, "error", "nothing is searched", "set EPICS_PVA_ADDR_LIST"),
        (check_ca, QUIET_CA, {"EPICS_CA_AUTO_ADDR_LIST": "0"}, "warning", "neither YES nor NO", "differ"),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDR_LIST": "a:5075"}, "warning", "5075 is a port of pvAccess", "5064"),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDR_LIST": "a:5065"}, "warning", "the port of the repeater", "5064"),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDR_LIST": "a,b"}, "error", "has the entry `a,b`", "blanks"),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDR_LIST": "a:port"}, "error", "whose port is none", "HOST:PORT"),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDR_LIST": "10.0.0.300:1"}, "error", "`10.0.0.300:1`, which is no", "255"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_ADDR_LIST": "300.0.0.1"}, "error", "`300.0.0.1`, which is no", "255"),
        (check_ca, QUIET_CA, {"EPICS_CA_SERVER_PORT": "x"}, "error", "EPICS_CA_SERVER_PORT=x is no port", "65535"),
        (check_ca, QUIET_CA, {"EPICS_CA_REPEATER_PORT": "5064"}, "error", "are the same", "another port"),
        (check_ca, QUIET_CA, {"EPICS_CA_NAME_SERVERS": "a"}, "warning", "starts after this process", "ADDR_LIST"),
        (check_ca, QUIET_CA, {"EPICS_CA_MAX_ARRAY_BYTES": "big"}, "error", "is no number", "bytes"),
        (check_ca, QUIET_CA, {"EPICS_CA_AUTO_ARRAY_BYTES": "NO"}, "warning", "more than 16384 bytes", "unset"),
        (check_ca, QUIET_CA, {"EPICS_CA_MAX_ARRAY_BYTES": "20000000"}, "note", "has no effect", ""),
        (check_ca, QUIET_CA, {"EPICS_CA_ADDRLIST": "a"}, "warning", "no variable", "did you mean EPICS_CA_ADDR_LIST?"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_ADDR_LIST": "a:5075"}, "warning", "TCP port", "a:5076"),
        (
            check_pva, QUIET_PVA, {"EPICS_PVA_ADDR_LIST": "a:61", "EPICS_PVA_SERVER_PORT": "61"},
            "warning", "61 is the TCP port", "put a:61 into EPICS_PVA_NAME_SERVERS",
        ),
        (check_pva, QUIET_PVA, {"EPICS_PVA_ADDR_LIST": "a:5064"}, "warning", "a port of Channel Access", "5076"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_NAME_SERVERS": "a:5076"}, "warning", "UDP port", "a:5075"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_CONN_TMO": "1"}, "warning", "is taken as 2 s", "no less"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_CONN_TMO": "soon"}, "error", "is no number", "unset"),
        (check_pva, QUIET_PVA, {"EPICS_PVA_BROADCAST_PORT": "0"}, "error", "is no port, so 5076", "65535"),
        (check_tango, {}, {}, "note", "TANGO_HOST is not set", "TANGO_HOST=HOST:PORT"),
        (check_tango, {}, {"TANGO_HOST": "db"}, "error", "TANGO_HOST=db names no database", "TANGO_HOST=HOST:PORT"),
        (check_tango, {}, {"TANGO_HOSTS": "db:1"}, "warning", "TANGO_HOSTS is no variable", "mean TANGO_HOST?"),
        (
            check_tango, {}, {"TANGO_HOST": "127.0.0.1:1"},
            "error", "the Tango database does not answer: no server listens at 127.0.0.1:1", "start the database",
        ),
        (check_python, {}, {"OPHYD_DECL_READ_ONLY": "1"}, "note", "no put leaves", ""),
        (check_python, {}, {"OPHYD_DECL_PROFILE": "mock"}, "note", "profile `mock`", ""),
    ],
)  # fmt: skip
def test_each_trap_is_found_once_with_what_to_do(
    check: Callable[[dict[str, str]], Section],
    quiet: dict[str, str],
    variables: dict[str, str],
    severity: str,
    cause: str,
    help: str,
) -> None:
    found = [one for one in check({**quiet, **variables}).findings if cause in one.cause]
    assert [one.severity for one in found] == [severity]
    assert help in found[0].help


def test_a_list_whose_entries_are_wrong_is_not_told_as_absent() -> None:
    found = findings(check_ca({**QUIET_CA, "EPICS_CA_ADDR_LIST": "a,b"}), "error")
    assert found == ["EPICS_CA_ADDR_LIST has the entry `a,b`"]


def test_one_interface_is_no_warning(cards: list[str]) -> None:
    cards.remove("eth1")
    assert findings(check_ca({})) == []
    assert "searches are broadcast on eth0" in findings(check_ca({}), "note")
    beside = findings(check_ca({"EPICS_CA_ADDR_LIST": "a"}), "note")
    assert "searches are broadcast on eth0, beside the addresses of EPICS_CA_ADDR_LIST" in beside


def test_a_port_that_is_used_is_told(cards: list[str]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as used:
        used.bind(("", 0))
        port = str(used.getsockname()[1])
        facts = {fact.name: fact for fact in check_ca({**QUIET_CA, "EPICS_CA_REPEATER_PORT": port}).facts}
        assert facts["repeater"].value.startswith("in use")
        assert facts["repeater"].about == f"UDP port {port}"
    facts = {fact.name: fact for fact in check_ca({**QUIET_CA, "EPICS_CA_REPEATER_PORT": port}).facts}
    assert facts["repeater"].value.startswith("free")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_the_library_is_the_one_that_is_loaded() -> None:
    facts = {fact.name: fact.value for fact in check_ca(QUIET_CA).facts}
    assert loaded_libraries() == [facts["libca"]]


def test_a_tango_database_says_what_it_knows(module_tango_database: TangoDatabase, tango_factory: TangoFactory) -> None:
    host = module_tango_database.host
    before = check_tango({"TANGO_HOST": host})
    assert findings(before, "error", "warning", "note") == []
    known, running = (int(text) for text in before.facts[-1].about.split() if text.isdecimal())
    module_tango_database.add("other/1", {"lab/b/1": "Lab"})
    tango_factory({"lab/a/1": "Lab", "lab/a/2": "Lab"}, database=module_tango_database)
    after = check_tango({"TANGO_HOST": host})
    assert [(fact.name, fact.value) for fact in after.facts[1:]] == [
        ("TANGO_HOST", host),
        (f"database {host}", "answers"),
    ]
    assert after.facts[-1].about == f"{known + 3} devices, {running + 2} of them running"
    one_of_two = check_tango({"TANGO_HOST": f"127.0.0.1:1,{host}"})
    assert findings(one_of_two, "error") == []
    assert findings(one_of_two) == ["a Tango database does not answer: no server listens at 127.0.0.1:1"]


#: How long a process that uses Tango may take to start, on a machine that is busy.
STARTS_IN_S = 10.0
HERE = b"GIOP\1\0\1\4\x08\0\0\0" + b"\1\0\0\0" + b"\1\0\0\0"


@pytest.mark.parametrize("answer", [b"", HERE], ids=["nothing", "that it is there, and no more"])
def test_a_tango_database_that_hangs_is_given_up(answer: bytes) -> None:
    """One that takes connections; one that finds its object, and then answers no question."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                taken.append(connection)
                if answer and len(taken) == 1:
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        started = time.monotonic()
        section = check_tango({"TANGO_HOST": place})
        assert time.monotonic() - started < PATIENCE_S + STARTS_IN_S
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()
    for connection in taken:
        connection.close()
    said = f"{place} is there, and does not answer as a database" if answer else f"{place} does not answer"
    assert findings(section, "error") == [f"the Tango database does not answer: {said}"]


QUIET = """
import os
from ophyd_decl.tools.doctor import check_all
assert check_all({})
left = [os.readlink(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd") if int(number) > 3]
assert not [target for target in left if target.startswith("socket:")], left
names = [open(f"/proc/self/task/{number}/comm").read() for number in os.listdir("/proc/self/task")]
assert not [name for name in names if name.startswith(("CAC", "PVX"))], names
assert "tango" not in __import__("sys").modules
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_no_client_is_made_and_no_socket_is_left() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
