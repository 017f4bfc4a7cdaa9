"""Files that want too much: an exit code and a message, in bounded time and memory, and nothing is executed."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST_S = 5.0
MOST_BYTES = 500_000_000
HEADER = "api: ophyd_decl/v1\nkind: beamline\nname: hostile\n"
TYPES = "api: ophyd_decl/v1\nkind: types\nnamespace: hostile\ntypes:\n"


def expression(text: str) -> str:
    return f'{HEADER}vars:\n  value: "${{{{ {text} }}}}"\ndevices: {{}}\n'


def formula(text: str) -> str:
    signals = "    signals: {s: {pv: S, dtype: float}}\n"
    return f"{TYPES}  t:\n{signals}    derived:\n      d: {{dtype: float, inputs: {{a: s}}, get: {text}}}\n"


def alias_bomb(levels: int) -> str:
    lines = ["x-0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    for level in range(1, levels):
        lines.append(f"x-{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    return f"{HEADER}{chr(10).join(lines)}\ndevices: {{}}\n"


TEXTS: dict[str, tuple[str, str]] = {
    "empty": ("", "E111"),
    "only blanks": ("\n\n   \n", "E111"),
    "a scalar": ("devices", "E120"),
    "depth 1 000": (f"{HEADER}x-deep: {'[' * 1000}{']' * 1000}\ndevices: {{}}\n", "E105"),
    "depth 100 000": (f"{HEADER}x-deep: {'{a: ' * 100_000}", "E105"),
    "block depth 1 000": (HEADER + "".join(f"{'  ' * depth}x-a:\n" for depth in range(1000)), "E105"),
    "alias bomb": (alias_bomb(12), "E105"),
    "alias in itself": (f"{HEADER}x-a: &a [*a]\ndevices: {{}}\n", "E101"),
    "tower of powers": (expression("9**9**9"), "E304"),
    "long text": (expression("'a' * 3000000000"), "E304"),
    "long join": (expression("'a' ~ 'b' * 3000000000"), "E304"),
    "wide format": (expression("'%2000000000d' % 1"), "E304"),
    "wide format method": (expression("'{:2000000000d}'.format(1)"), "E304"),
    "long range": (expression("range(10**9)"), "E304"),
    "long sum": (expression("range(10**9)|sum"), "E304"),
    "shift": (expression("1 << 10000000000"), "E302"),
    "attribute": (expression("''.__class__.__mro__[1].__subclasses__()"), "E304"),
    "attribute by filter": (expression("''|attr('__class__')"), "E304"),
    "globals": (expression("cycler.__init__.__globals__.os.system('touch executed')"), "E304"),
    "python tag": (f"{HEADER}x-a: !!python/object/apply:os.system [touch executed]\ndevices: {{}}\n", "E104"),
    "python tag, one": (f"{HEADER}x-a: !!python/name:os.system\ndevices: {{}}\n", "E104"),
    "long line": (f"{HEADER}devices: {{}} # {'x' * 2_000_000}\nx: ]", "E101"),
    "many mistakes": (HEADER + "devices:\n" + "".join(f"  x{n}: {{tpe: a}}\n" for n in range(20_000)), "E111"),
    "many devices, one name": (HEADER + "devices:\n" + "  x: {type: epics.motor, prefix: A}\n" * 20_000, "E102"),
    "huge number": (f"{HEADER}devices:\n  x: {{type: epics.motor, prefix: X, timeout: {'9' * 100_000}}}\n", "E121"),
    "long formula": (formula("a" + " + a" * 400), "E310"),
    "tower in a formula": (formula("9**9**9**9"), ""),
    "many items": (
        f"{TYPES}  c:\n    params: {{prefix: {{type: str}}}}\n    signals:\n      v: {{suffix: V, dtype: int}}\n"
        '  t:\n    vectors:\n      v: {type: hostile.c, keys: "${{ range(100000) }}", prefix: "P${{ key }}"}\n',
        "",
    ),
}


def run(folder: Path, *paths: str) -> tuple[subprocess.CompletedProcess[str], float, int]:
    """Validate in a process of its own; return how it ended, how long it took, and the memory it had at most."""
    program = (
        "import resource, sys\n"
        "from ophyd_decl.cli import main\n"
        "try:\n    main(sys.argv[1:])\n"
        "finally:\n    sys.stderr.write(f'\\npeak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}')\n"
    )
    begin = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", program, "validate", "--format", "json", *paths],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done, time.monotonic() - begin, int(done.stderr.rpartition("peak ")[2]) * 1024


def check(folder: Path, expected: str, *paths: str) -> None:
    done, elapsed_s, peak_bytes = run(folder, *paths)
    assert "Traceback" not in done.stderr
    assert elapsed_s < LONGEST_S
    assert peak_bytes < MOST_BYTES
    assert not (folder / "executed").exists()
    found = {diagnostic["code"] for diagnostic in json.loads(done.stdout)["diagnostics"]}
    if expected:
        assert done.returncode == 1
        assert expected in found, found
    else:
        assert done.returncode in (0, 1)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_wants_too_much(name: str, tmp_path: Path) -> None:
    text, code = TEXTS[name]
    (tmp_path / "beamline.yaml").write_text(text, encoding="utf-8")
    check(tmp_path, code, "beamline.yaml")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "beamline.yaml")


def _bytes(folder: Path) -> None:
    (folder / "beamline.yaml").write_bytes(bytes(range(256)) * 100)


def _folder(folder: Path) -> None:
    (folder / "beamline.yaml").mkdir()


def _uses_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "types.yaml")
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./types.yaml]\ndevices: {{}}\n")


def _link_out(folder: Path) -> None:
    (folder / "types.yaml").symlink_to("/etc/passwd")
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./types.yaml]\ndevices: {{}}\n")


def _uses_a_device(folder: Path) -> None:
    (folder / "beamline.yaml").symlink_to("/dev/zero")


def _use_in_a_circle(folder: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (folder / f"{one}.yaml").write_text(
            f"api: ophyd_decl/v1\nkind: types\nnamespace: {one}\nuse: [./{other}.yaml]\ntypes: {{}}\n"
        )
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./a.yaml]\ndevices: {{}}\n")


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (_pipe, "E100"),
        (_bytes, "E103"),
        (_folder, "E100"),
        (_uses_a_pipe, "E201"),
        (_link_out, "E203"),
        (_uses_a_device, "E100"),
        (_use_in_a_circle, ""),
    ],
)
def test_a_file_that_is_none(prepare: Callable[[Path], None], code: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    check(tmp_path, code, "beamline.yaml")


def test_an_empty_folder(tmp_path: Path) -> None:
    check(tmp_path, "E100", ".")
