"""Names of devices and their members: identifiers, not taken by the verbs of devices, each given once."""

import keyword

from ..errors import Note, Place
from ..source.findings import Findings
from ..vocab.names import is_identifier, reserved_below_device, reserved_in_beamline


def check_name(name: str, place: Place, findings: Findings, *, what: str, top: bool = False) -> bool:
    """Return whether a name can be used; report it if not.

    :param what: what is named: `device`, `signal`, `child`.
    :param top: it stands at the top of a beamline, where fewer names are taken.
    """
    if not is_identifier(name):
        help_text = f"rename it to `{identifier(name)}`"
        if "${{" in name:
            help_text = "write a plain name; `repeat` makes several, and its `name` takes the expression"
        findings.error("E407", f"`{name}` is no name for a {what}", place, help_text)
        return False
    if reserved_in_beamline(name) if top else reserved_below_device(name):
        if name.startswith("_"):
            findings.error("E406", f"`{name}` begins with `_`", place, f"rename it to `{name.lstrip('_') or 'x'}`")
        else:
            owner = "a beamline" if top else "every device"
            findings.error("E406", f"`{name}` is a name that {owner} has", place, f"rename it to `{name}_`")
        return False
    return True


def identifier(name: str) -> str:
    """Return the nearest identifier to a text."""
    text = "".join(character if character.isalnum() or character == "_" else "_" for character in name).strip("_")
    if not text or not text[0].isalpha():
        text = f"d_{text}" if text else "name"
    return f"{text}_" if keyword.iskeyword(text) else text


def report_clash(name: str, place: Place, first: Place, findings: Findings) -> None:
    """Say that a name is given twice."""
    notes = (Note(f"`{name}` is first defined here", first),)
    findings.error("E405", f"two members have the name `{name}`", place, "rename or remove one of them", notes)
