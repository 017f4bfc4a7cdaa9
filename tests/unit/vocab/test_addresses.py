"""Addresses: schemes, readbacks, and the names of Tango devices."""

import doctest

import pytest

from ophyd_decl.vocab import addresses, names
from ophyd_decl.vocab.addresses import (
    pvi_address,
    pvi_member,
    pvi_problem,
    split_pvi,
    tango_address,
    tango_name_problem,
    trl_problem,
)


def test_the_examples_hold() -> None:
    for module, least in ((addresses, 12), (names, 2)):
        results = doctest.testmod(module)
        assert results.attempted >= least
        assert results.failed == 0


@pytest.mark.parametrize("trl", [
    "tango://db:10000/sr/d-ct/1", "tango://db.site.org:10000/sr/d-ct/1#dbase=yes", "tango://127.0.0.1:1/a/b/c#dbase=no",
    "tango://[::1]:45450/a/b/c#dbase=no", "a/b/c", "a.b/c-d/e_1@x", "alias", "tango://db:10000/alias",
    "tango://db:10000/a/b/c#DBASE=NO", "a/b/c#dbase=yes",
])  # fmt: skip
def test_a_trl(trl: str) -> None:
    assert trl_problem(trl) == ""


@pytest.mark.parametrize("trl", [
    "", " ", "a/b", "a/b/c/d", "a//c", "/a/b/c", "a/b/c/", "a b/c/d", "tango://", "tango://db", "tango://db:10000",
    "tango://db:10000/", "tango://db:port/a/b/c", "tango://db/a/b/c", "tango:a/b/c", "ca://a/b/c", "a/b/c#dbase=no",
    "alias#dbase=no", "tango://db:1/alias#dbase=no", "tango://db:1/a/b/c#dbase", "tango://db:1/a/b/c#", "a/b/c#no",
    "db:10000/a/b/c",
])  # fmt: skip
def test_no_trl(trl: str) -> None:
    assert trl_problem(trl) or trl.endswith("#")


@pytest.mark.parametrize(("trl", "address"), [
    ("a/b/c", "a/b/c/State"),
    ("alias", "alias/State"),
    ("tango://db:1/a/b/c#dbase=no", "tango://db:1/a/b/c/State#dbase=no"),
    ("tango://db:1/a/b/c#dbase=yes", "tango://db:1/a/b/c/State#dbase=yes"),
])  # fmt: skip
def test_the_end_of_a_trl_stays_at_the_end(trl: str, address: str) -> None:
    assert tango_address(trl, "State") == address


def test_names_of_attributes() -> None:
    assert [bool(tango_name_problem(name)) for name in ("State", "Pos_1", "a b", "a/b", "", "a#b")] == [
        False, False, True, True, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("structure", ["P:PVI", "pva://P:PVI"])
def test_a_part_of_a_structure_is_found_again(structure: str) -> None:
    part = pvi_member(pvi_member(structure, "seq", 1), "get_")
    assert split_pvi(pvi_address(part, "x")) == ("P:PVI", ("seq", "1", "get", "x"))
    assert pvi_member(structure) == "P:PVI"
    assert split_pvi("pvi://P:PVI") == ("P:PVI", ())
    assert split_pvi("P:PVI#x") is None


@pytest.mark.parametrize("structure", ["", "pva://", "ca://A", "tango://a/b/c", "A B", "A#b", " A", "A\t"])
def test_no_structure(structure: str) -> None:
    assert pvi_problem(structure)
