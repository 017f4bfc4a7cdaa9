"""Profiles and settings: what they change, which wins, and where their mistakes point."""

from pathlib import Path
from typing import Any

import pytest

from ophyd_decl.compile import Compiled

from .texts import beamline, device, found

BODY = """\
vars: {bl: B, all: [1, 2]}
defaults: {connect: optional}
include: [{file: f.yaml, prefix: f_}]
devices:
  m: {type: epics.motor, prefix: "${{ bl }}:M", labels: [one], name: motor}
  k: {repeat: {var: n, over: "${{ all }}", name: "k${{ n }}"}, type: epics.motor, prefix: "K${{ n }}"}
services:
  s: {type: path.uuid, root: /data}
groups: {g: [m], h: [k1]}
profiles:
  p:
    vars: {bl: P, new: N}
    defaults: {connect: mock}
    groups: {g: [k1]}
    environment: {EPICS_CA_ADDR_LIST: "${{ bl }}"}
    devices:
      m: {labels: [two], doc: "${{ new }}"}
      k: {doc: "all, ${{ n }}"}
      k2: {doc: second, name: "k-${{ n }}"}
      f_x: {prefix: "${{ bl }}"}
      extra: {type: epics.motor, prefix: "${{ bl }}:E"}
      many: {repeat: {var: i, over: [1, 2], name: "many${{ i }}"}, type: epics.motor, prefix: "Y${{ i }}"}
    services: {s: {root: /tmp}}
"""
FRAGMENT = """\
api: ophyd_decl/v1
kind: fragment
vars: {bl: F}
devices:
  x: {type: epics.motor, prefix: "${{ bl }}", doc: "${{ bl }}"}
"""


def layered(folder: Path, text: str = BODY, **settings: Any) -> Compiled:
    """Compile a beamline whose text begins at line 4, with a fragment `f.yaml`."""
    (folder / "f.yaml").write_text(FRAGMENT, encoding="utf-8")
    return beamline(folder, text, **settings)


def names(compiled: Compiled) -> list[str]:
    assert compiled.blueprint is not None, found(compiled)
    return [device.path for device in compiled.blueprint.devices]


def test_without_a_profile_nothing_changes(tmp_path: Path) -> None:
    compiled = layered(tmp_path)
    assert names(compiled) == ["f_x", "m", "k1", "k2"]
    assert device(compiled, "m").labels == ("one",)
    assert device(compiled, "m").connect == "optional"
    assert compiled.blueprint is not None
    assert compiled.blueprint.environment == {}


def test_a_profile_changes_every_kind_of_key(tmp_path: Path) -> None:
    compiled = layered(tmp_path, profile="p")
    assert names(compiled) == ["f_x", "m", "k1", "k2", "extra", "many1", "many2"]
    motor = device(compiled, "m")
    assert (motor.values["prefix"], motor.labels, motor.doc) == ("P:M", ("two",), "N")
    assert (motor.document_name, motor.connect) == ("motor", "mock")
    assert [device(compiled, name).doc for name in ("k1", "k2")] == ["all, 1", "second"]
    assert device(compiled, "k2").document_name == "k-2"
    assert device(compiled, "many2").values == {"prefix": "Y2"}
    assert compiled.blueprint is not None
    assert compiled.blueprint.profile == "p"
    assert compiled.blueprint.groups == {"g": ("k1",), "h": ("k1",)}
    assert compiled.blueprint.environment == {"EPICS_CA_ADDR_LIST": "P"}
    assert compiled.blueprint.services[0].options == {"root": "/tmp"}


def test_what_a_profile_says_of_a_fragment_is_read_with_the_names_of_the_beamline(tmp_path: Path) -> None:
    changed = device(layered(tmp_path, profile="p"), "f_x")
    assert (changed.values["prefix"], changed.doc) == ("P", "F")
    compiled = layered(tmp_path, set={"devices.f_x.doc": "${{ bl }}"})
    assert (device(compiled, "f_x").values["prefix"], device(compiled, "f_x").doc) == ("F", "B")


def test_a_reference_that_a_layer_gives_belongs_to_the_beamline(tmp_path: Path) -> None:
    types = "  u: {params: {to: {type: ref, default: null}}}\n"
    fragment = "api: ophyd_decl/v1\nkind: fragment\ndevices: {m: {type: n.u}, u: {type: n.u}}\n"
    (tmp_path / "f.yaml").write_text(fragment, encoding="utf-8")
    text = (
        "include: [{file: f.yaml, prefix: f_}]\ndevices: {m: {type: n.u}}\n"
        "profiles: {p: {devices: {f_u: {to: {ref: m}}}}, q: {devices: {f_u: {to: {ref: nix}}}}}\n"
    )
    assert str(device(beamline(tmp_path, text, types, profile="p"), "f_u").values["to"]) == "m"
    assert found(beamline(tmp_path, text, types, profile="q")) == [("E402", 7, 73)]


def test_a_setting_wins_over_a_profile(tmp_path: Path) -> None:
    settings = {"vars.bl": "S", "devices.m.labels": "[a, b]", "devices.k2.doc": "x", "defaults.connect": "lazy"}
    compiled = layered(tmp_path, profile="p", set=settings)
    assert device(compiled, "m").values == {"prefix": "S:M"}
    assert device(compiled, "m").labels == ("a", "b")
    assert device(compiled, "k2").doc == "x"
    assert device(compiled, "m").connect == "lazy"


@pytest.mark.parametrize(("settings", "check"), [
    ({"vars.all": [3, 1]}, lambda c: names(c) == ["f_x", "m", "k3", "k1"]),
    ({"vars": {"all": [], "bl": "Q"}, "groups": {"h": []}}, lambda c: names(c) == ["f_x", "m"]),
    ({"devices.k.repeat.over": "[7]", "groups.h": "[k7]"}, lambda c: names(c) == ["f_x", "m", "k7"]),
    ({"devices": {"$unset": ["m"]}, "groups": {"g": []}}, lambda c: names(c) == ["f_x", "k1", "k2"]),
    ({"devices": {"$unset": ["k2", "m"]}, "groups": {"g": []}}, lambda c: names(c) == ["f_x", "k1"]),
    ({"devices": "{$replace: true, q: {type: epics.motor, prefix: Q}}", "groups": {"$replace": True}},
     lambda c: names(c) == ["q"]),
    ({"devices.k": {"$replace": True, "type": "epics.motor", "prefix": "X"}, "groups.h": []},
     lambda c: names(c) == ["f_x", "m", "k"]),
    ({"devices.new.type": "epics.motor", "devices.new.prefix": "N"}, lambda c: names(c)[-1] == "new"),
    ({"devices.f_x.when": "false"}, lambda c: names(c) == ["m", "k1", "k2"]),
    ({"devices.k1.when": False, "groups.h": []}, lambda c: names(c) == ["f_x", "m", "k2"]),
    ({"services.s.root": "/x"}, lambda c: c.blueprint.services[0].options == {"root": "/x"}),
    ({'environment["TANGO_HOST"]': "a:1"}, lambda c: c.blueprint.environment == {"TANGO_HOST": "a:1"}),
    ({"environment": {"TANGO_HOST": "a:1"}}, lambda c: c.blueprint.environment == {"TANGO_HOST": "a:1"}),
    ({"name": "other", "read_only": "true", "name_separator": "_"},
     lambda c: (c.blueprint.name, c.blueprint.read_only, c.blueprint.separator) == ("other", True, "_")),
    ({"include": []}, lambda c: names(c) == ["m", "k1", "k2"]),
    ({"python_allow": ["a.*"]}, lambda c: c.blueprint.python_allow == ("a.*",)),
    ({"devices.m.timeout": "{connect: 1, read: 2}"}, lambda c: device(c, "m") is not None),
    ({"devices.m.prefix": '"3"'}, lambda c: device(c, "m").values == {"prefix": "3"}),
])  # fmt: skip
def test_every_path_can_be_set(tmp_path: Path, settings: dict[str, Any], check: Any) -> None:
    compiled = layered(tmp_path, set=settings)
    assert compiled.blueprint is not None, [(d.summary, d.help) for d in compiled.diagnostics]
    assert check(compiled)


@pytest.mark.parametrize(("path", "value", "code", "words"), [
    ("vars.nix", "1", "E301", "`bl`, `all`"),
    ("device.m.prefix", "1", "E402", "did you mean `devices`?"),
    ("devices.n.prefix", "1", "E402", "`f_x`, `m`, `k`, `k1`, `k2`"),
    ("devices.kk.prefix", "1", "E402", "did you mean `k`?"),
    ("services.t.root", "1", "E402", "there are: `s`"),
    ("defaults.conect", "mock", "E402", "did you mean `connect`?"),
    ("defaults.connect", "mck", "E122", "did you mean `mock`?"),
    ("devices.m.prefx", "1", "E110", "params: `prefix`"),
    ("devices.m.prefix", "1", "E121", 'put it in quotes: "1"'),
    ("devices.m.labels", "[3]", "E125", 'put it in quotes: "3"'),
    ("devices.m", "3", "E120", ""),
    ("devices", "3", "E120", ""),
    ("devices.m.labels", "[a", "E101", ""),
    ("devices.m.labels", "{$unset: [a]}", "E120", ""),
    ("devices.m.nix", "{$unset: [a]}", "E110", ""),
    ("kind", "types", "E402", ""),
    ("profiles.p.vars", "{}", "E402", ""),
    ("groups.g", "[nix]", "E402", "there are: "),
    ("environment.HOME", "x", "E129", ""),
    ("include", "[nix.yaml]", "E201", ""),
    ("include", "[../x.yaml]", "E203", ""),
    ("vars.bl", "${{ nix }}", "E301", "`bl`, `all`"),
    ("vars.bl", "$(P)", "E305", ""),
    ("devices..m", "1", "E402", "keys with `.`"),
    ("m.prefix", "A", "E402", "write `devices.m.prefix`"),
    ("devices.m.overrides", "{nix: {limits: [0, 1]}}", "E402", ""),
])  # fmt: skip
def test_mistakes_in_settings_are_told(tmp_path: Path, path: str, value: Any, code: str, words: str) -> None:
    compiled = layered(tmp_path, set={path: value})
    assert compiled.blueprint is None
    first = next(d for d in compiled.diagnostics if d.code == code)
    assert first.place.file == f"--set {path}={value}"
    assert words in (first.help or "")
    assert len(compiled.diagnostics) == 1 or code == "E129"


def test_every_profile_is_checked(tmp_path: Path) -> None:
    text = (
        BODY + "  q: {device: {}, kind: beamline, x-note: 1, devices: {k3: {doc: a}, k: {doc: b}, t: 3}, "
        "services: {u: {}}}\n"
    )
    expected = [("E110", 27, 7), ("E110", 27, 19), ("E402", 27, 56), ("E120", 27, 86), ("E402", 27, 101)]
    assert found(layered(tmp_path, text)) == expected
    # Another layer may have removed what it names.
    unsure = [expected[index] for index in (0, 1, 3)]
    assert found(layered(tmp_path, text, profile="p")) == unsure
    assert found(layered(tmp_path, text, set={"vars.all": [1]})) == unsure
    assert found(layered(tmp_path, text, profile="q")) == expected
    own = BODY + "  q: {vars: {all: [9]}, devices: {k9: {doc: a}}}\n"
    assert found(layered(tmp_path, own)) == []
    assert found(layered(tmp_path, own, profile="q"))[0][0] == "E402", "the group names k1"


def test_a_profile_that_does_not_exist(tmp_path: Path) -> None:
    compiled = layered(tmp_path, profile="P")
    assert found(compiled) == [("E402", 1, 1)]
    assert compiled.diagnostics[0].help == "did you mean `p`?"
    assert found(layered(tmp_path, "profiles: {p: 3}\n", profile="p")) == [("E120", 4, 15)]
    assert found(layered(tmp_path, "profiles: 3\n", profile="p")) == [("E402", 1, 1), ("E120", 4, 11)]


def test_a_layer_says_where_a_value_comes_from(tmp_path: Path) -> None:
    compiled = layered(tmp_path, BODY.replace('f_x: {prefix: "${{ bl }}"}', "f_x: {prefix: 3}"), profile="p")
    (diagnostic,) = compiled.diagnostics
    assert (diagnostic.code, diagnostic.place.line) == ("E121", 23)
    assert Path(diagnostic.place.file).name == "beamline.yaml"


def test_environment_takes_text_of_control_systems(tmp_path: Path) -> None:
    text = "environment: {EPICS_PVA_ADDR_LIST: a b, TANGO_HOST: 'x:1', epics_x: y, PATH: z, EPICS_N: 3}\n"
    assert found(beamline(tmp_path, text)) == [("E129", 4, 60), ("E129", 4, 72), ("E121", 4, 90)]
    assert found(beamline(tmp_path, "environment: [a]\n")) == [("E120", 4, 14)]
    assert found(beamline(tmp_path, "python_allow: ['a.*', 3]\n")) == [("E121", 4, 23)]
    assert found(beamline(tmp_path, "vars: {n: 3}\nenvironment: {EPICS_N: '${{ n }}'}\n")) == [("E121", 5, 24)]
