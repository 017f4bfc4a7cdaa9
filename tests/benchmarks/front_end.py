"""What the front end costs, beside others on the same devices in the same run.

    python -m tests.benchmarks.front_end [--sizes 500,1000,2000,5000] [--rival-sizes 100,400] [--repeats 5]
        [--no-rivals] [--json FILE]

Measured are whole processes, so every figure contains the start of Python and all imports:

- `ophyd-decl validate` of files with devices of two keys (type and prefix) and of six keys (a variable in one of
  them), and of one device whose prefix needs an operator; beside it what the C parser of ruamel.yaml needs to compose
  the same file, and an interpreter that does nothing;
- `load_beamline` of the same motors, each of 24 signals of which 6 belong to a child, every signal made and asked for
  its name; then every signal looked up by its path;
- the same motors in ophyd-async, written by hand, loaded by guarneri from YAML and by happi from JSON, each signal
  asked for its name. They live in an environment of their own below `.rivals/`, installed once with pip.

Nothing connects. The machine may be noisy, so the programs take turns, the figures are medians over the repetitions,
and what can be relied on are the ratios. CPU is that of the process by `getrusage`, memory its peak. Compiled modules
(`.pyc`) are there: a round that is not counted writes them.

The table says per row the cost of one device more: that of the row less that of one device, by the number of devices.
How the cost grows with the number of devices is measured inside one process, after its imports: differences of
processes would drown in noise. Bounds are printed with what was measured, and hold or not; nothing fails where one
does not.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from tests.rivals import OPHYD_ASYNC, RivalUnavailableError, ophyd_async
from tests.servers import environment

from .files import SIGNALS_OF_A_MOTOR, Inputs
from .processes import Figures, median, run
from .processes import environment as variables
from .table import Measured, rows_of, show

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"


@dataclass(frozen=True)
class Case:
    """One program with one size, to be measured."""

    what: str
    devices: int
    command: tuple[str, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write the figures."""
    options = _options(arguments)
    environment.apply()
    try:
        with tempfile.TemporaryDirectory(prefix="front-end-") as folder:
            inputs = Inputs(Path(folder))
            cases = ours(inputs, options.sizes, options.rival_sizes)
            if not options.no_rivals:
                cases += rivals(inputs, options.rival_sizes)
            measured = measure(cases, options.repeats, folder)
    finally:
        environment.release()
    rows = rows_of(measured)
    print(f"{machine()}; medians of {options.repeats}\n")
    print(show(rows))
    if options.json is not None:
        answer = {"machine": machine(), "repeats": options.repeats, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(answer, indent=2) + "\n")
    return 0


def ours(inputs: Inputs, sizes: Sequence[int], rival_sizes: Sequence[int]) -> list[Case]:
    """Return what is measured of this package, and the floors beside it."""
    python = sys.executable
    validate = (python, "-m", "ophyd_decl.cli", "validate")
    cases = [
        Case("interpreter", 0, (python, "-c", "pass")),
        Case("validate, an expression", 1, (*validate, str(inputs.expression()))),
    ]
    kinds: list[tuple[str, Callable[[int], Path]]] = [("two keys", inputs.plain), ("six keys", inputs.rich)]
    for kind, file_of in kinds:
        for devices in (1, *sizes):
            file = str(file_of(devices))
            cases.append(Case(f"validate, {kind}", devices, (*validate, file)))
            cases.append(Case(f"C compose, {kind}", devices, (python, str(PROGRAMS / "compose.py"), file)))
        for devices in sorted({min(sizes), max(sizes)}):
            warm = (python, str(PROGRAMS / "compile.py"), str(file_of(devices)), str(devices), str(file_of(1)))
            cases.append(Case(f"compile, {kind}", devices, warm))
    for devices in sorted({1, *rival_sizes, *sizes}):
        cases.append(_program("load", python, "load.py", str(inputs.plain(devices)), devices))
    for devices in sorted({min(sizes), max(sizes)}):
        cases.append(_program("look up", python, "look_up.py", str(inputs.plain(devices)), devices))
    return cases


def rivals(inputs: Inputs, sizes: Sequence[int]) -> list[Case]:
    """Return what is measured of the others; nothing where they cannot be installed, which is said."""
    try:
        python = str(ophyd_async())
    except RivalUnavailableError as error:
        print(f"without rivals: {error}", file=sys.stderr)
        return []
    cases: list[Case] = []
    for devices in (1, *sizes):
        cases.append(_program("ophyd-async by hand", python, "hand_written.py", str(devices), devices))
        cases.append(_program("guarneri", python, "guarneri_yaml.py", str(inputs.guarneri(devices)), devices))
        cases.append(_program("happi", python, "happi_json.py", str(inputs.happi(devices)), devices))
    return cases


def _program(what: str, python: str, program: str, argument: str, devices: int) -> Case:
    """Return the case of a program that takes its input and the number of signals that there must be."""
    return Case(what, devices, (python, str(PROGRAMS / program), argument, str(devices * SIGNALS_OF_A_MOTOR)))


def measure(cases: Sequence[Case], repeats: int, folder: str) -> list[Measured]:
    """Run every case once in each repetition, after a round that is not counted, and return the medians.

    :param folder: for temporary files of the programs.
    """
    known = variables([ROOT]) | {"TMPDIR": folder}
    figures: dict[Case, list[Figures]] = {case: [] for case in cases}
    for repetition in range(repeats + 1):
        for case in cases:
            # The first round is for the compiled modules, which do not depend on the size.
            if repetition == 0 and case.devices > 1:
                continue
            one = run(case.command, known)
            if repetition:
                figures[case].append(one)
    return [Measured(case.what, case.devices, median(runs)) for case, runs in figures.items()]


def machine() -> str:
    """Return on what was measured, without its name."""
    packages = " ".join(f"{name} {version(name)}" for name in ("ruamel.yaml", "jinja2", "click"))
    rivals_too = " ".join(OPHYD_ASYNC).replace("==", " ")
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}; {rivals_too}"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.front_end", description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", type=_sizes, default=(500, 1000, 2000, 5000), help="numbers of devices")
    parser.add_argument("--rival-sizes", type=_sizes, default=(100, 400), help="numbers of devices beside rivals")
    parser.add_argument("--repeats", type=int, default=5, help="how often each program runs")
    parser.add_argument("--no-rivals", action="store_true", help="measure this package only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(sorted({int(part) for part in text.split(",")}))
    if sizes[0] < 2:
        raise argparse.ArgumentTypeError("one device is always measured; give larger numbers")
    return sizes


if __name__ == "__main__":
    sys.exit(main())
