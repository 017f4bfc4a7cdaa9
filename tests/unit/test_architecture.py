"""The rules of the house that tools can check: style, types, and who may import whom."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "ophyd_decl"
#: Only these know a RunEngine: the rest runs in whatever loop it is called in.
KNOW_A_RUN_ENGINE = ("plans", "session", "cli", "demo")


@pytest.mark.timeout(400)  # pyright reads every library too, which takes minutes where others compute
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["ruff", "check", "--no-cache"], id="rules"),
        pytest.param(["ruff", "format", "--check", "--no-cache"], id="format"),
        pytest.param(["pyright", "--pythonpath", sys.executable], id="types"),
        pytest.param(["lint-imports", "--no-cache"], id="layers"),
    ],
)
def test_the_tool_has_nothing_to_say(command: list[str]) -> None:
    tool = Path(sys.executable).with_name(command[0])
    done = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_only_those_who_may_know_a_run_engine() -> None:
    who = {file.relative_to(PACKAGE) for file in PACKAGE.rglob("*.py") if "bluesky.run_engine" in imports(file)}
    assert {file for file in who if file.parts[0] not in KNOW_A_RUN_ENGINE} == set()


@pytest.mark.parametrize("package", ["errors", "vocab"])
def test_the_lowest_layers_stand_on_the_standard_library_alone(package: str) -> None:
    roots = {name.partition(".")[0] for file in (PACKAGE / package).rglob("*.py") for name in imports(file)}
    assert roots - sys.stdlib_module_names == set()


def imports(file: Path) -> set[str]:
    """Return the modules, and the names in them, that a file imports outside `if TYPE_CHECKING`."""
    found: set[str] = set()
    nodes: list[ast.AST] = [ast.parse(file.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            nodes.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            found.update(name.name for name in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{name.name}" for name in node.names)
        nodes.extend(ast.iter_child_nodes(node))
    return found | {"bluesky.run_engine" for name in found if name == "bluesky.RunEngine"}
