"""Where names are searched, as the help for an address that does not answer says it."""

import os

import pytest

from ophyd_decl.session.report import help_of_absent
from ophyd_decl.tools.doctor.tango import check_tango

BROADCAST = "by broadcast on every local interface"


@pytest.mark.parametrize("protocol", ["ca", "pva"])
@pytest.mark.parametrize(
    ("listed", "auto", "servers", "said"),
    [
        ("", "", "", f"Names are searched {BROADCAST}, as EPICS_X_ADDR_LIST is not set"),
        ("", "YES", "", f"Names are searched {BROADCAST}, as EPICS_X_ADDR_LIST is not set"),
        ("10.0.0.1", "", "", f"Names are searched at EPICS_X_ADDR_LIST=10.0.0.1 and {BROADCAST}"),
        ("10.0.0.1", "NO", "", "Names are searched at EPICS_X_ADDR_LIST=10.0.0.1"),
        ("10.0.0.1", " no ", "", "Names are searched at EPICS_X_ADDR_LIST=10.0.0.1"),
        ("", "NO", "10.0.0.2", "Names are searched at EPICS_X_NAME_SERVERS=10.0.0.2"),
        ("10.0.0.1", "YES", "10.0.0.2",
         f"Names are searched at EPICS_X_ADDR_LIST=10.0.0.1, at EPICS_X_NAME_SERVERS=10.0.0.2 and {BROADCAST}"),
        ("", "NO", "", "No name is searched, as EPICS_X_AUTO_ADDR_LIST=NO and EPICS_X_ADDR_LIST is not set"),
    ],
)  # fmt: skip
def test_the_help_says_what_the_variables_amount_to(
    monkeypatch: pytest.MonkeyPatch, protocol: str, listed: str, auto: str, servers: str, said: str
) -> None:
    prefix = f"EPICS_{protocol.upper()}"
    for name, value in (("ADDR_LIST", listed), ("AUTO_ADDR_LIST", auto), ("NAME_SERVERS", servers)):
        monkeypatch.setitem(os.environ, f"{prefix}_{name}", value)
    help_text = help_of_absent(f"{protocol}://NOBODY")
    assert help_text == f"is the server running, and the name right? {said.replace('EPICS_X', prefix)}"


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("db:10000", "Names are searched at TANGO_HOST=db:10000"),
        ("", "Names are searched at TANGO_HOST, which is not set"),
    ],
)
def test_tango_has_a_database(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    monkeypatch.setitem(os.environ, "TANGO_HOST", host)
    assert help_of_absent("tango://a/b/c/d").endswith(said)


def test_a_file_that_names_the_database_is_known_to_the_help_and_to_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    library = pytest.importorskip("ophyd_decl.connectors.tango.library")
    host = "127.0.0.1:1"
    # The client library looks for the file in the folder of the user whom the system knows, which is not ours to write.
    monkeypatch.setattr(library, "tango_host", lambda: host)
    monkeypatch.delenv("TANGO_HOST")
    assert help_of_absent("tango://a/b/c/d").endswith(f"Names are searched at TANGO_HOST={host}")
    fact = next(fact for fact in check_tango({}).facts if fact.name == "TANGO_HOST")
    assert (fact.value, fact.about.partition("; ")[2]) == (host, "by ~/.tangorc or /etc/tangorc")


def test_of_a_tango_device_whose_host_is_given_no_name_is_searched() -> None:
    assert help_of_absent("tango://pc:8888/a/b/c/d#dbase=no") == "is the server running, and the name right?"
