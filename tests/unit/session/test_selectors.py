"""Paths and selectors."""

from typing import Any

import pytest

from ophyd_decl.blueprint import ChildShape, VectorShape
from ophyd_decl.errors import OphydDeclError
from ophyd_decl.session.selectors import parse_path

from ..devices.shapes import HERE, child, shape, soft, soft_motor
from .beamlines import beamline


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("stage", ("stage",)),
        ("stage.x.velocity", ("stage", "x", "velocity")),
        ("pdet.channel.1.value", ("pdet", "channel", 1, "value")),
        ("pdet.channel[1].value", ("pdet", "channel", 1, "value")),
        ('vac["gauge.p1"].value', ("vac", "gauge.p1", "value")),
        ("vac['1']", ("vac", "1")),
    ],
)
def test_a_path_has_elements(text: str, path: tuple[str | int, ...]) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize("text", ["", ".a", "a.", "a..b", "a[", "a[b]", 'a["b]'])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(OphydDeclError, match="path"):
        parse_path(text)


def vacuum() -> Any:
    items = tuple(
        ChildShape(key, shape("gauge", soft("value", 1.0)), (), "child", HERE) for key in (1, "gauge.p1", 'say "p"')
    )
    return beamline(
        vac=shape("vac", VectorShape("gauges", items, "child", HERE)), stage=shape("stage", child("x", soft_motor()))
    )


def test_every_path_that_a_node_shows_leads_to_it() -> None:
    bl = vacuum()
    for node in bl.find("*"):
        assert bl[node.path] is node
    assert [node.path for node in bl.find("vac.gauges*value")] == [
        "vac.gauges.1.value",
        'vac.gauges["gauge.p1"].value',
        "vac.gauges['say \"p\"'].value",
    ]


def test_selectors_name_devices_and_signals_in_file_order() -> None:
    bl = vacuum()
    assert bl.find("label:all") == [bl.vac, bl.stage]
    assert bl.find("label:none") == []
    assert bl.find('vac.gauges["gauge.p1"]*')[-1] is bl['vac.gauges["gauge.p1"].value']
    assert bl.find("stage.x.velocity") == [bl.stage.x.velocity]
    with pytest.raises(OphydDeclError, match=r"'stage\.y' names nothing"):
        bl.find("stage.y")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nope", "test has no device 'nope'"),
        ("stage.y", "stage has no member 'y'"),
        ("vac.gauges.2", "vac.gauges has no item 2"),
        ("stage.x.velocity.more", "stage.x.velocity has no members, so no 'more'"),
    ],
)
def test_a_path_that_leads_nowhere_says_where_it_ended(path: str, message: str) -> None:
    with pytest.raises(KeyError) as caught:
        vacuum()[path]
    assert message in str(caught.value)
