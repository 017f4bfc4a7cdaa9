"""The property `format` of an attribute: how many places behind the point it shows, where it says that.

A precision counts decimal places, and a move may end that near its target. A format with an exponent (`%.3e`), or one
that counts significant digits (`%.3g`), shows places that depend on the value, so it says nothing of them.
"""

import re

_FLAGS = r"%[-+ 0#']*\d*"
#: `%.2f`; without a number behind the point there are none.
_FIXED = re.compile(_FLAGS + r"\.(\d*)[lL]?[fF]")
_WHOLE = re.compile(_FLAGS + r"(?:\.\d*)?(?:hh|h|ll|l)?[diu]")
#: Manipulators of a stream, of which the last one counts. After `scientific` there is an exponent, and without either
#: `setprecision` counts all digits.
_NOTATIONS = ("fixed", "scientific")
_SET_PRECISION = re.compile(r"setprecision\((\d+)\)")


def decimal_places(text: str) -> int | None:
    """Return the decimal places that a format of printf or of C++ streams shows, None where it does not say.

    Source: attribute property `format` of Tango, `fixed;setprecision(2)`, as `attrmanip.cpp` of cppTango takes it:
    manipulators between semicolons, of which the last precision and the last notation count.
    """
    text = text.strip()
    found = _FIXED.fullmatch(text)
    if found:
        return int(found[1] or 0)
    if _WHOLE.fullmatch(text):
        return 0
    manipulators = [word.strip().lower() for word in text.split(";")]
    notations = [word for word in manipulators if word in _NOTATIONS]
    digits = [int(found[1]) for word in manipulators if (found := _SET_PRECISION.fullmatch(word))]
    return digits[-1] if digits and notations[-1:] == ["fixed"] else None
