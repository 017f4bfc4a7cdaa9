"""The schemas in the repository are the ones that the tables of keys give, and they say what `validate` says."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from ophyd_decl.model.files import API
from ophyd_decl.model.kinds import Tree
from ophyd_decl.schema import grammar
from ophyd_decl.schema.shipped import file_name, shipped_schemas, text_of

SCHEMAS = Path(__file__).parents[3] / "schemas"
SHIPPED = shipped_schemas()


def errors(kind: str, data: dict[str, Any], *, resolved: bool = False) -> list[str]:
    schema = shipped_schemas(resolved=True)[kind] if resolved else SHIPPED[kind]
    return [error.message for error in Draft7Validator(schema).iter_errors(data)]


def beamline(**keys: Any) -> dict[str, Any]:
    return {"api": API, "kind": "beamline", "name": "i99", **keys}


def device(**keys: Any) -> dict[str, Any]:
    return beamline(devices={"x": keys})


@pytest.mark.parametrize("kind", SHIPPED)
def test_the_committed_ones_are_up_to_date(kind: str) -> None:
    text = (SCHEMAS / file_name(kind)).read_text(encoding="utf-8")
    assert text == text_of(SHIPPED[kind]), "ophyd-decl schema --output schemas --force"


@pytest.mark.parametrize("kind", SHIPPED)
def test_they_are_schemas(kind: str) -> None:
    Draft7Validator.check_schema(SHIPPED[kind])


def test_all_that_is_referred_to_is_there() -> None:
    for schema in SHIPPED.values():
        references = {text for text in json.dumps(schema).split('"') if text.startswith("#/definitions/")}
        for reference in references:
            where: Any = schema
            for part in reference.removeprefix("#/").split("/"):
                where = where[part]


def test_every_mapping_of_the_language_has_a_grammar() -> None:
    for section in grammar.SECTIONS.values():
        open_ones = {name for name, key in section.block.keys.items() if isinstance(key.kind, Tree)}
        assert open_ones <= section.inside.keys(), section.name
        assert section.inside.keys() <= section.block.keys.keys(), section.name


def test_a_key_that_does_not_exist_is_refused_by_its_type() -> None:
    assert errors("beamline", device(type="epics.motor", prefix="X")) == []
    (said,) = errors("beamline", device(type="epics.motor", prefix="X", velocty=1))
    assert "velocty" in said
    assert "'prefix' is a required property" in errors("beamline", device(type="epics.motor"))


def test_types_of_others_have_any_params_but_shipped_namespaces_are_known() -> None:
    assert errors("beamline", device(type="mine.stage", anything=[1])) == []
    assert errors("beamline", device(type="mine.stage", connect="allways")) != []
    assert errors("beamline", device(type="epics.moter", prefix="X")) != []
    assert errors("beamline", device(type="stage")) != []


def test_expressions_are_for_editors_only() -> None:
    one = device(type="epics.motor", prefix="X", when="${{ there }}", labels=["${{ l }}"], timeout={"read": "${{ t }}"})
    assert errors("beamline", one) == []
    assert len(errors("beamline", one, resolved=True)) == 2
    assert errors("beamline", device(type="epics.motor", prefix="X", when="there")) != []
    assert errors("beamline", device(type="${{ t }}")) != []


def test_free_keys_are_free() -> None:
    assert errors("beamline", beamline(**{"x-owner": {"name": "me"}})) == []
    assert errors("beamline", device(type="epics.motor", prefix="X", **{"x-rack": 3})) == []


def test_options_of_a_role_are_those_of_its_plugin() -> None:
    def role(**options: Any) -> dict[str, Any]:
        return device(type="group", logic={"movable": options})

    assert errors("beamline", role(use="setpoint", setpoint="sp", tolerance=0.1)) == []
    assert errors("beamline", role(use="setpoint", setpoint={"ref": "sp"})) == []
    assert errors("beamline", role(use="setpoint", setpoint="sp", tolerence=0.1)) != []
    assert errors("beamline", role(use="setpoint", setpoint="sp", tolerance=-1)) != []
    assert errors("beamline", role(use="theirs", anything=1)) == []
    assert errors("beamline", role(setpoint="sp")) != []
    assert errors("beamline", device(type="group", logic={"moveable": {"use": "setpoint", "setpoint": "sp"}})) != []


def test_every_key_has_a_description() -> None:
    for schema in SHIPPED.values():
        for name, definition in {"root": schema, **schema["definitions"]}.items():
            for key, value in definition.get("properties", {}).items():
                assert "$ref" in value or value.get("description"), f"{key} of {name}"


def test_an_include_is_text_or_a_mapping() -> None:
    assert errors("beamline", beamline(include=["a.yaml", {"file": "b.yaml", "with": {"n": 1}, "prefix": "s_"}])) == []
    assert errors("beamline", beamline(include=[{"file": "b.yaml", "wiht": {}}])) != []
    assert errors("beamline", beamline(include="a.yaml")) != []
    assert errors("beamline", beamline(include=[{"prefix": "s_"}])) != []


def test_a_profile_needs_to_give_only_what_differs() -> None:
    def profile(**keys: Any) -> list[str]:
        return errors("beamline", beamline(profiles={"mock": keys}))

    assert profile(defaults={"connect": "mock"}, devices={"x": {"prefix": "Y"}}) == []
    assert profile(devices={"x": {"type": "epics.motor", "labels": ["a"]}}) == []
    assert profile(vars={"$unset": ["bl"]}, groups={"$replace": True, "all": ["x"]}) == []
    assert profile(devices={"x": {"$unset": ["labels"]}, "$unset": ["y"]}) == []
    assert profile(defaults={"conect": "mock"}) != []
    assert profile(devices={"x": {"type": "epics.motor", "lables": ["a"]}}) != []
    assert profile(profiles={}) != []
    assert errors("beamline", beamline(vars={"$unset": ["bl"]})) != []


def test_overrides_set_what_may_be_overridden() -> None:
    def override(**paths: Any) -> list[str]:
        return errors("beamline", device(type="epics.motor", prefix="X", overrides=paths))

    assert override(user_setpoint={"limits": [0, 1], "format": "config"}) == []
    assert override(**{"logic.movable": {"timeout": 3}, "x.logic.movable": {"use": "setpoint", "settle": 1}}) == []
    assert override(user_setpoint={"limit": [0, 1]}) != []
    assert override(user_setpoint={"dtype": "int"}) != []
    assert override(user_setpoint={"limits": [0]}) != []
    assert override(**{"logic.movable": {"use": "setpoint", "setle": 1}}) != []


def test_what_extends_a_base_may_give_parts_of_its_members() -> None:
    def types(**keys: Any) -> list[str]:
        data = {"api": API, "kind": "types", "namespace": "mine", "types": {"axis": keys}}
        return errors("types", data)

    part = {"signals": {"x": {"limits": [0, 1]}, "$unset": ["y"]}, "logic": {"movable": {"settle": 1}}}
    assert types(extends="mine.base", params={"n": {"default": 1}}, **part) == []
    assert types(**part) != []
    assert types(extends="mine.base", signals={"x": {"limit": [0, 1]}}) != []


def test_a_fragment_has_params() -> None:
    fragment = {"api": API, "kind": "fragment", "params": {"n": {"type": "int"}}, "requires": ["bl"]}
    assert errors("fragment", fragment) == []
    assert errors("fragment", {**fragment, "groups": {}}) != []
    assert errors("fragment", {**fragment, "params": {"n": {"typ": "int"}}}) != []


def test_a_group_that_extends_types_gives_their_params() -> None:
    part = {"x": {"units": "mm"}}
    assert errors("beamline", device(type="group", extends="mine.base", prefix="X", signals=part)) == []
    assert errors("beamline", device(type="group", extends="mine.base", signals={"x": {"unitz": "mm"}})) != []
    assert errors("beamline", device(type="group", prefix="X")) != []


def test_a_connector_is_a_name_or_has_options() -> None:
    def connector(value: Any) -> list[str]:
        return errors("beamline", device(type="epics.motor", prefix="X", connector=value))

    assert connector("ca") == connector("theirs") == connector({"use": "pva"}) == []
    assert connector({"use": "theirs", "depth": 3}) == []
    assert connector({"use": "pva", "depth": 3}) != []
    assert connector({"depth": 3}) != []
    assert connector(5) != []


def test_a_role_may_be_given_as_a_whole() -> None:
    whole = device(type="group", logic={"movable": "${{ move }}"})
    assert errors("beamline", whole) == []
    assert errors("beamline", whole, resolved=True) != []
    assert errors("beamline", device(type="group", logic={"movable": "setpoint"})) != []
