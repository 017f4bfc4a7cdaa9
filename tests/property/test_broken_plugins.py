"""Plugins that are really installed and do not work: each is named with its distribution, and nothing else is harmed.

Each distribution is a wheel that was made by hand and installed by pip into a folder of its own.
"""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_SPEC = """
from pydantic import field_validator, model_validator
from ophyd_decl.spec import NoOptions, Options, PluginSpec
"""
_RAISES = """
class {role}Options(Options):
    n: int = 3
    @model_validator(mode="after")
    def check(self):
        raise RuntimeError("the model of {role} is broken")

{role} = PluginSpec("raises-{role}", "{role}", {role}Options, "raising_plugin:nothing")
"""
ROLES = ("movable", "service", "connector", "types")


@dataclass(frozen=True)
class Distribution:
    """One distribution: a module with plugins, and their entry points.

    :param points: attribute of the module by the name of the entry point.
    """

    name: str
    text: str
    points: dict[str, str]

    @property
    def module(self) -> str:
        return self.name.replace("-", "_")

    def wheel(self, folder: Path) -> Path:
        """Write a wheel and return its path."""
        path = folder / f"{self.module}-1.0-py3-none-any.whl"
        info = f"{self.module}-1.0.dist-info"
        points = "\n".join(f"{name} = {self.module}:{attribute}" for name, attribute in self.points.items())
        files = {
            f"{self.module}/__init__.py": self.text,
            f"{self.module}/types/types.yaml": "api: ophyd_decl/v1\nkind: types\nnamespace: lib\ntypes: {a: {}}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {self.name}\nVersion: 1.0\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/entry_points.txt": f"[ophyd_decl.plugins]\n{points}\n",
        }
        record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in {**files, f"{info}/RECORD": record}.items():
                archive.writestr(name, text)
        return path


DISTRIBUTIONS = (
    Distribution(
        "failing-plugin", "raise RuntimeError('no such library')\n", {f"fails-{role}": f"{role}" for role in ROLES}
    ),
    Distribution("leaving-plugin", "import sys\nsys.exit(0)\n", {f"leaves-{role}": f"{role}" for role in ROLES}),
    Distribution(
        "raising-plugin",
        _SPEC + "".join(_RAISES.format(role=role) for role in ("movable", "service", "connector")),
        {f"raises-{role}": role for role in ("movable", "service", "connector")},
    ),
    Distribution(
        "unreadable-plugin",
        _SPEC
        + """
class Explodes:
    @property
    def model_fields(self):
        raise ValueError("the model cannot be read")

movable = PluginSpec("unreadable-movable", "movable", Explodes(), "x:y")
service = PluginSpec("unreadable-service", "service", Explodes(), "x:y")
connector = PluginSpec("unreadable-connector", "connector", Explodes(), "x:y")
types = PluginSpec("unreadable-types", "types", NoOptions, "unreadable_plugin:nowhere")
""",
        {f"unreadable-{role}": role for role in ROLES},
    ),
    Distribution(
        "sound-plugin",
        _SPEC
        + """
class SoundOptions(Options):
    n: int = 3

sound = PluginSpec("sound", "service", SoundOptions, "sound_plugin:nothing")
library = PluginSpec("sound-types", "types", NoOptions, "sound_plugin:types")
other = PluginSpec("another", "service", NoOptions, "sound_plugin:nothing")
""",
        {"sound": "sound", "sound-types": "library", "misnamed": "other"},
    ),
)
_SOUND = "  ok: {type: epics.motor, prefix: A}\n"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all distributions, installed by pip."""
    folder = tmp_path_factory.mktemp("plugins")
    wheels = [str(distribution.wheel(folder)) for distribution in DISTRIBUTIONS]
    target = folder / "site"
    command = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--target", str(target)]
    subprocess.run(
        [*command, "--disable-pip-version-check", "--no-warn-script-location", *wheels], check=True, timeout=120
    )
    return target


def validate(site: Path, folder: Path, text: str) -> tuple[int, dict[str, list[tuple[str, str]]], int]:
    """Return the exit code, the mistakes by code as place and summary, and how many devices were counted."""
    (folder / "beamline.yaml").write_text(f"api: ophyd_decl/v1\nkind: beamline\nname: b\n{text}")
    done = subprocess.run(
        [sys.executable, "-m", "ophyd_decl.cli", "validate", "--format", "json", str(folder)],
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{site}"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    answer = json.loads(done.stdout)
    found: dict[str, list[tuple[str, str]]] = {}
    for diagnostic in answer["diagnostics"]:
        found.setdefault(diagnostic["code"], []).append((str(diagnostic["line"]), diagnostic["summary"]))
    return done.returncode, found, answer["device_count"]


@pytest.mark.parametrize(("kind", "distribution", "problem"), [
    ("fails", "failing-plugin", "RuntimeError: no such library"),
    ("leaves", "leaving-plugin", "SystemExit"),
    ("raises", "raising-plugin", "is broken"),
    ("unreadable", "unreadable-plugin", "ValueError: the model cannot be read"),
])  # fmt: skip
@pytest.mark.parametrize("role", ["movable", "service", "connector"])
def test_a_broken_plugin_is_named_with_its_distribution(
    site: Path, tmp_path: Path, kind: str, distribution: str, problem: str, role: str
) -> None:
    name = f"{kind}-{role}"
    signals = "signals: {s: {soft: 1, dtype: int, access: rw}}"
    text = {
        "movable": f"devices:\n  a: {{type: group, {signals}, logic: {{movable: {{use: {name}, n: 4}}}}}}\n{_SOUND}",
        "service": f"services:\n  a: {{type: {name}, n: 4}}\ndevices:\n{_SOUND}",
        "connector": f"devices:\n  a: {{type: signal, pv: A, dtype: int, connector: {{use: {name}, n: 4}}}}\n{_SOUND}",
    }[role]
    code, found, _ = validate(site, tmp_path, text)
    assert code == 1
    ((line, summary),) = found.pop("E502")
    assert found == {}
    assert line == "5"
    assert f"`{name}` of `{distribution}`" in summary
    assert problem in summary


@pytest.mark.parametrize(("name", "words"), [
    ("fails-types", "the library `fails-types` of `failing-plugin` cannot be loaded: RuntimeError: no such library"),
    ("leaves-types", "the library `leaves-types` of `leaving-plugin` cannot be loaded: SystemExit"),
    ("unreadable-types", "has no folder `unreadable_plugin:nowhere`"),
])  # fmt: skip
def test_a_broken_library_of_types_is_named_with_its_distribution(
    site: Path, tmp_path: Path, name: str, words: str
) -> None:
    code, found, _ = validate(site, tmp_path, f'use: ["pkg:{name}"]\ndevices:\n{_SOUND}')
    assert code == 1
    ((line, summary),) = found.pop("E502")
    assert found == {}
    assert line == "4"
    assert words in summary


def test_all_of_them_at_once_beside_what_works(site: Path, tmp_path: Path) -> None:
    broken = "".join(
        f"  s{n}: {{type: {kind}-service, n: 4}}\n" for n, kind in enumerate(("fails", "leaves", "raises"))
    )
    text = f"""services:
{broken}  good: {{type: sound, n: 4}}
  wrong: {{type: sound, n: four}}
devices:
{_SOUND}  c: {{type: signal, pv: A, dtype: int, connector: leaves-connector}}
  x: {{type: epics.motor, prefix: B, nix: 3}}
"""
    code, found, devices = validate(site, tmp_path, text)
    assert code == 1
    assert [line for line, _ in found["E502"]] == ["5", "6", "7", "12"]
    assert [line for line, _ in found["E121"]] == ["9"]
    assert [line for line, _ in found["E110"]] == ["13"]
    assert set(found) == {"E502", "E121", "E110"}
    assert devices == 3


def test_what_is_broken_does_not_matter_where_nobody_uses_it(site: Path, tmp_path: Path) -> None:
    text = f"services: {{good: {{type: sound}}}}\ndevices:\n{_SOUND}"
    assert validate(site, tmp_path, text) == (0, {}, 1)
    text = f'use: ["pkg:sound-types"]\ndevices:\n  a: {{type: lib.a}}\n{_SOUND}'
    assert validate(site, tmp_path, text) == (0, {}, 2)


def test_an_entry_point_has_the_name_of_its_plugin(site: Path, tmp_path: Path) -> None:
    code, found, _ = validate(site, tmp_path, f"services: {{a: {{type: misnamed}}}}\ndevices:\n{_SOUND}")
    assert code == 1
    ((_, summary),) = found["E502"]
    assert summary == "the plugin `misnamed` of `sound-plugin` cannot be loaded: its PluginSpec has the name `another`"
