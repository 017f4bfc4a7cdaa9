"""Settings from outside the files: the profile, and `--set path=value`."""

from collections.abc import Mapping
from typing import Any

from ..errors import Place
from ..source import Findings, LocatedMapping, plain_value
from ..source.suggest import suggest_or_list
from ..vocab.names import is_identifier

_VARIABLES = "vars."


def setting_value(value: Any) -> Any:
    """Return the value of a setting: text means what it would mean in a file.

    >>> setting_value("3"), setting_value('"3"'), setting_value("BL22I")
    (3, '3', 'BL22I')
    """
    if not isinstance(value, str):
        return value
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return value[1:-1]
    return plain_value(value)


def read_settings(
    settings: Mapping[str, Any] | None, variables: LocatedMapping | None, place: Place, findings: Findings
) -> dict[str, Any]:
    """Return values of variables by name; settings that reach something else are reported.

    :param place: where what cannot be set is reported.
    """
    values: dict[str, Any] = {}
    for path, value in (settings or {}).items():
        name = path.removeprefix(_VARIABLES)
        if not path.startswith(_VARIABLES) or not is_identifier(name):
            findings.error(
                "E116", f"setting `{path}` is not supported yet", place, "set `vars.NAME=VALUE`; other paths come later"
            )
        elif variables is None or name not in variables:
            help_text = suggest_or_list(name, variables or {}, "variables")
            findings.error("E301", f"`{path}` cannot be set: there is no variable `{name}`", place, help_text)
        else:
            values[name] = setting_value(value)
    return values


def check_profile(profile: str | None, root: LocatedMapping, place: Place, findings: Findings) -> None:
    """Report a profile that the file does not define; profiles that are defined are reported as not supported yet."""
    profiles = root.get("profiles")
    known = list(profiles) if isinstance(profiles, LocatedMapping) else []
    if profile is not None and profile not in known:
        help_text = suggest_or_list(profile, known, "profiles")
        findings.error("E402", f"there is no profile `{profile}`", place, help_text)
