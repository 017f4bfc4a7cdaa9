"""The registry of codes and their pages."""

import re
from pathlib import Path

import pytest

import ophyd_decl.errors
from ophyd_decl.errors.codes import FAMILIES, codes, page, title

PACKAGE = Path(ophyd_decl.errors.__file__).parents[1]


def test_every_code_of_the_sources_has_a_page_and_every_page_a_source() -> None:
    used: dict[str, str] = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for code in re.findall(r"[\"'](E[1-6]\d\d)[\"']", file.read_text(encoding="utf-8")):
            used.setdefault(code, str(file.relative_to(PACKAGE)))
    without_page = {code: file for code, file in used.items() if code not in codes()}
    assert not without_page
    assert not set(codes()) - set(used)


@pytest.mark.parametrize("code", codes())
def test_a_page_has_its_title_and_its_parts(code: str) -> None:
    text = page(code)
    assert text.startswith(f"# {code}: {title(code)}\n")
    assert code[:2] in FAMILIES
    assert title(code)[0].islower() or title(code)[0] in "A"
    assert "What to do:" in text


def test_an_unknown_code_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        page("E999")
    with pytest.raises(KeyError):
        page("../E110")
