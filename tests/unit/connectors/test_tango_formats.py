"""Formats of attributes of Tango: which of them tell how many decimal places are shown."""

import pytest

from ophyd_decl.connectors.tango.formats import decimal_places


@pytest.mark.parametrize(
    ("text", "places"),
    [
        # printf
        ("%6.2f", 2),  # what Tango takes where none is given
        ("%.3f", 3),
        ("%.0f", 0),
        ("%.f", 0),
        ("%8.3lf", 3),
        ("%+08.4F", 4),
        (" %.3f ", 3),
        ("%.12f", 12),
        ("%f", None),  # it names none
        ("%.3e", None),
        ("%10.3E", None),
        ("%.3g", None),
        ("%.3G", None),
        ("%g", None),
        ("%a", None),
        ("%d", 0),
        ("%5d", 0),
        ("%5.3d", 0),
        ("%ld", 0),
        ("%i", 0),
        ("%u", 0),
        ("%x", None),
        ("%o", None),
        ("%s", None),
        ("%c", None),
        ("%.2f mm", None),
        # streams of C++
        ("fixed;setprecision(2)", 2),
        ("setprecision(2);fixed", 2),
        ("setw(10); setprecision(5); Fixed", 5),
        ("fixed;setprecision(0)", 0),
        ("fixed;setprecision(2);setprecision(4)", 4),
        ("scientific;fixed;setprecision(3)", 3),
        ("showpos;showpoint;uppercase;left;fixed;setprecision(1)", 1),
        ("fixed", None),
        ("setprecision(3)", None),
        ("scientific;setprecision(3)", None),
        ("fixed;scientific;setprecision(3)", None),
        ("scientific;uppercase;setprecision(3)", None),
        *[
            (word, None)
            for word in (
                "scientific", "setw(8)", "boolalpha", "noboolalpha", "showbase", "noshowbase", "showpoint",
                "noshowpoint", "showpos", "noshowpos", "skipws", "noskipws", "uppercase", "nouppercase", "internal",
                "left", "right", "dec", "hex", "oct",
            )
        ],
        # nothing
        ("", None),
        ("Not specified", None),
        ("%", None),
    ],
)  # fmt: skip
def test_the_decimal_places_of_a_format(text: str, places: int | None) -> None:
    assert decimal_places(text) == places
