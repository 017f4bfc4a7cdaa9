"""Plugins: facts of the shipped ones, and entry points that do not behave."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ophyd_decl.check import plugins
from ophyd_decl.check.facts import OptionFacts, facts_of
from ophyd_decl.check.shipped import SHIPPED
from ophyd_decl.check.write_shipped import shipped_source
from ophyd_decl.compile import compile_beamline
from ophyd_decl.spec import ENTRY_POINT_GROUP
from ophyd_decl.spec import SHIPPED as SPECS

GOOD = """
from typing import Annotated, Literal
from pydantic import Field, field_validator
from ophyd_decl.spec import Options, PluginSpec, ReadableSignal

class Good(Options):
    signal: ReadableSignal
    mode: Literal["fast", "slow"] = "fast"
    n: int = Field(3, ge=1, lt=10)
    points: list[float] = []

class Raises(Options):
    n: int = 3
    @field_validator("n")
    @classmethod
    def check(cls, value):
        raise RuntimeError("validator is broken")

good = PluginSpec("good", "movable", Good, "fake_good:Good")
names = PluginSpec("names", "movable", Good, "fake_good:Good", names=("home", "s"))
raises = PluginSpec("raises", "movable", Raises, "fake_good:Good")
old = PluginSpec("old", "movable", Good, "fake_good:Good", api=0)
no_model = PluginSpec("no_model", "movable", int, "fake_good:Good")
nothing = 3
"""
POINTS = {
    "names": "fake_good:names", "renamed": "fake_good:good",
    "good": "fake_good:good", "raises": "fake_good:raises", "old": "fake_good:old", "nothing": "fake_good:nothing",
    "absent": "fake_good:absent", "fails": "fake_fails:spec", "leaves": "fake_leaves:spec",
    "no_module": "fake_none:spec",
    "no_model": "fake_good:no_model",
}  # fmt: skip


@pytest.fixture
def fakes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    site = tmp_path / "site"
    info = site / "fake_plugins-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-plugins\nVersion: 1.0\n")
    lines = "\n".join(f"{name} = {value}" for name, value in POINTS.items())
    (info / "entry_points.txt").write_text(f"[{ENTRY_POINT_GROUP}]\n{lines}\n")
    (site / "fake_good.py").write_text(GOOD)
    (site / "fake_fails.py").write_text("raise RuntimeError('two\\nlines')\n")
    (site / "fake_leaves.py").write_text("import sys\nsys.exit(3)\n")
    monkeypatch.syspath_prepend(str(site))
    plugins.installed.cache_clear()
    yield
    plugins.installed.cache_clear()


def roles(folder: Path, *uses: str) -> list[tuple[str, str]]:
    text = "api: ophyd_decl/v1\nkind: beamline\nname: b\ndevices:\n  ok: {type: epics.motor, prefix: A}\n"
    for number, use in enumerate(uses):
        signals = "signals: {s: {soft: 1, dtype: int, access: rw}}"
        text += f"  d{number}: {{type: group, {signals}, logic: {{movable: {{{use}}}}}}}\n"
    (folder / "beamline.yaml").write_text(text)
    return [(d.code, d.summary) for d in compile_beamline(folder).diagnostics]


def test_the_facts_of_the_shipped_plugins_are_up_to_date() -> None:
    written = Path(plugins.__file__).with_name("shipped.py").read_text(encoding="utf-8")
    assert written == shipped_source(), "run python -m ophyd_decl.check.write_shipped"
    assert {spec.name: facts_of(spec) for spec in SPECS} == SHIPPED
    assert plugins.ENTRY_POINT_GROUP == ENTRY_POINT_GROUP
    assert all(option.kind for facts in SHIPPED.values() for option in facts.options.values())


def test_what_fits_its_facts_is_right_for_the_model() -> None:
    values = [
        "x",
        "/x",
        "a\n",
        "C:\\x",
        1,
        1.5,
        0,
        -1,
        True,
        {"a": 1},
        {"a": "b"},
        {"a": [1]},
        [1],
        None,
        float("nan"),
        float("inf"),
    ]
    for spec in SPECS:
        facts = SHIPPED[spec.name]
        required = {
            name: "/x" if spec.role == "service" else "x" for name, option in facts.options.items() if option.required
        }
        assert facts.fit(required)
        for name in facts.options:
            for value in values:
                data = {**required, name: value}
                if facts.fit(data):
                    spec.options.model_validate(data)


@pytest.mark.parametrize(("name", "words"), [
    ("fails", "RuntimeError: two"), ("leaves", "SystemExit"), ("no_module", "No module named"), ("absent", "absent"),
    ("nothing", "does not name a PluginSpec"), ("old", "made for version 0"), ("no_model", "model_fields"),
    ("renamed", "has the name `good`"),
    ("raises", "validator is broken"),
])  # fmt: skip
def test_a_broken_plugin_is_named_with_its_distribution(fakes: None, tmp_path: Path, name: str, words: str) -> None:
    ((code, summary),) = roles(tmp_path, f"use: {name}, n: 4")
    assert code == "E502"
    assert "`fake-plugins`" in summary
    assert words in summary


def test_a_plugin_of_another_distribution(fakes: None, tmp_path: Path) -> None:
    assert roles(tmp_path, "use: good, signal: s", "use: good, signal: s, mode: slow, n: 9, points: [1, 2]") == []
    found = roles(
        tmp_path,
        "use: good",
        "use: good, signal: s, mode: medium, n: 10, points: [1, x], nix: 3",
        "use: good, signal: t",
    )
    assert sorted(code for code, _ in found) == ["E110", "E111", "E121", "E122", "E123", "E402"]
    assert not any("Input" in summary or "pydantic" in summary for _, summary in found)


def test_the_others_are_not_loaded_for_shipped_plugins(fakes: None, tmp_path: Path) -> None:
    assert roles(tmp_path, "use: setpoint, setpoint: s") == []
    assert plugins.installed.cache_info().currsize == 0


@pytest.mark.parametrize(("use", "code"), [
    ("use: setpont, setpoint: s", "E501"), ("use: start_and_wait", "E501"), ("use: motor_record", "E111"),
    ("setpoint: s", "E111"), ("use: 3", "E121"), ("use: setpoint", "E111"), ("use: setpoint, setpoint: 3", "E121"),
    ("use: setpoint, setpoint: s, tolerance: -1", "E123"), ("use: setpoint, setpoint: s, tolerance: x", "E121"),
    ("use: setpoint, setpoint: s, positions: [1]", "E121"), ("use: setpoint, setpoint: s, positions: {a: [1]}", "E121"),
    ("use: setpoint, setpoint: s, done: s +", "E310"), ("use: setpoint, setpoint: s, done: t", "E311"),
    ("use: setpoint, setpoint: s, stop: s", "E403"), ("use: setpoint, setpoint: s, tolernce: 1", "E110"),
    ("use: setpoint, setpoint: {ref: t}", "E402"), ("use: setpoint, setpoint: ok.velocity", "E403"),
])  # fmt: skip
def test_mistakes_in_logic(tmp_path: Path, use: str, code: str) -> None:
    found = roles(tmp_path, use)
    if use.endswith("ok.velocity"):
        assert found == []
    else:
        assert {entry[0] for entry in found} == {code}, found


def test_a_reference_may_be_written_as_one(tmp_path: Path) -> None:
    assert roles(tmp_path, "use: setpoint, setpoint: {ref: s}, positions: {in: 1, out: 2.5}") == []


def test_no_member_has_a_name_that_the_logic_gives_to_the_device(fakes: None, tmp_path: Path) -> None:
    ((code, summary),) = roles(tmp_path, "use: names, signal: s")
    assert code == "E406"
    assert summary == "`s` is a name that the plugin `names` gives to the device"


@pytest.mark.parametrize(("kind", "value", "right"), [
    ("bool", "yes", False), ("bool", 1, False), ("bool", True, True), ("int", "3", False), ("int", True, False),
    ("int", 3, True), ("float", 3, True), ("float", "3", False), ("str", 3, False), ("str", "3", True),
    ("map", 3, True), ("", "anything", True), ("int", None, True),
])  # fmt: skip
def test_a_scalar_of_another_kind_is_not_converted(kind: str, value: object, right: bool) -> None:
    assert OptionFacts(kind=kind).has_class(value) is right
