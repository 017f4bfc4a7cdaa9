"""The reference pages are what the commands and codes say."""

import subprocess
import sys
from pathlib import Path

import pytest

from ophyd_decl.errors.codes import codes, page
from ophyd_decl.source.frames import render_text

ROOT = Path(__file__).parents[3]


def test_the_committed_pages_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "docs/reference/cli_reference.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def examples(code: str, heading: str) -> list[str]:
    text = page(code)
    if f"\n{heading}:\n" not in text:
        return []
    fence = text.split(f"\n{heading}:\n")[1].lstrip()
    language, _, rest = fence.removeprefix("```").partition("\n")
    return [rest.partition("```")[0]] if language == "yaml" else []


def compiled(folder: Path, text: str) -> list[tuple[str, str]]:
    from ophyd_decl.compile import compile_paths

    file = folder / "beamline.yaml"
    file.write_text(text, encoding="utf-8")
    (folder / "types.yaml").write_text("api: ophyd_decl/v1\nkind: types\nnamespace: own\ntypes: {}\n", encoding="utf-8")
    (folder / "optics.yaml").write_text("api: ophyd_decl/v1\nkind: fragment\nrequires: [bl]\n", encoding="utf-8")
    diagnostics = compile_paths([file]).diagnostics
    shown = render_text(diagnostics)
    return [(diagnostic.code, shown) for diagnostic in diagnostics]


@pytest.mark.parametrize("code", [code for code in codes() if examples(code, "Wrong")])
def test_the_wrong_example_gives_the_code_and_the_mended_one_nothing(code: str, tmp_path: Path) -> None:
    (wrong,) = examples(code, "Wrong")
    (right,) = examples(code, "Right")
    assert {found for found, _ in compiled(tmp_path, wrong)} == {code}
    assert compiled(tmp_path, right) == []
