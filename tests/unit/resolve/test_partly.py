"""Expressions over names that have a value only later."""

from typing import Any

import pytest

from ophyd_decl.resolve.partly import expand_partly

VALUES = {"bl": "BL", "n": 3, "text": 'a"b', "flag": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${{ n }}", 3),
        ("${{ bl }}-${{ n }}", "BL-3"),
        ("${{ bl }}-${{ key }}:", "BL-${{ key }}:"),
        ("${{ key + n }}", "${{ key + 3 }}"),
        ("${{ 'n' ~ key ~ \"n\" ~ text }}", "${{ 'n' ~ key ~ \"n\" ~ 'a\"b' }}"),
        ("${{ key.n }}", "${{ key.n }}"),
        ("no expression", "no expression"),
    ],
)
def test_what_is_known_is_written_out(text: str, expected: Any) -> None:
    assert expand_partly(text, VALUES, frozenset({"key"})) == expected
