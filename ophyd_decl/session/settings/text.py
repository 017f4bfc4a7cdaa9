"""The text of a settings file: a new one, or one that exists with some of its values replaced.

A file that exists keeps its comments, its order, and what somebody has written in another way; where no value changes,
it is not touched at all (decision on settings).
"""

import io
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

from ...model.files import API
from ...source.plain import is_list, is_mapping
from .file import KIND, SettingsFile

_HEADER = "Settings of {}: `ophyd-decl settings diff` compares them, `ophyd-decl settings restore` puts them back.\n"
#: Words that every reader of YAML takes as text.
_PLAIN = re.compile(r"[A-Za-z_][\w./]*(?: [A-Za-z][\w./]*)*")
_NOT_TEXT = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])
_WIDTH = 1_000_000


class Saved(NamedTuple):
    """What is written for one signal."""

    value: Any
    dtype: str
    units: str | None


def new_text(beamline: str, devices: Mapping[str, str], saved: Mapping[str, Saved]) -> str:
    """Return the text of a file that is not there yet."""
    root: Any = CommentedMap()
    root.yaml_set_start_comment(_HEADER.format(beamline))
    root["api"], root["kind"], root["beamline"] = API, KIND, _styled(beamline)
    root["devices"] = _block({name: _styled(kind) for name, kind in devices.items()})
    root["signals"] = _block({_styled(path): _entry(one) for path, one in saved.items()})
    return _dumped(_yaml(), root)


def updated_text(file: SettingsFile, devices: Mapping[str, str], saved: Mapping[str, Saved]) -> str:
    """Return the text of a file in which some settings have other values, or are new.

    :param devices: of these settings.
    :param saved: those that changed; all else stays as it is written.
    """
    if not saved:
        return file.text
    yaml = _yaml()
    root: Any = yaml.load(file.text)
    for name, kind in devices.items():
        if name not in root["devices"]:
            _into(root["devices"])[name] = _styled(kind)
    signals = root["signals"]
    for path, one in saved.items():
        if path not in signals:
            _into(signals)[_styled(path)] = _entry(one)
            continue
        entry = signals[path]
        if entry.anchor.value is not None or entry.merge:  # another entry is written by the same text
            signals[path] = _entry(one)
            continue
        entry["value"] = _styled(one.value)
        entry["dtype"] = _styled(one.dtype)
        if one.units is not None:
            entry["units"] = _styled(one.units)
        else:
            entry.pop("units", None)
    text = _dumped(yaml, root)
    return text.replace("\n", "\r\n") if "\r\n" in file.text else text


def _yaml() -> Any:
    yaml: Any = YAML()
    yaml.preserve_quotes = True
    yaml.width = _WIDTH
    return yaml


def _dumped(yaml: Any, root: Any) -> str:
    text = io.StringIO()
    yaml.dump(root, text)
    return text.getvalue()


def _into(mapping: Any) -> Any:
    """Return a mapping that takes more entries, one a line; `{}` is how an empty one is written."""
    if not mapping:
        mapping.fa.set_block_style()
    return mapping


def _block(items: Mapping[Any, Any]) -> Any:
    made: Any = CommentedMap(items)
    if items:
        made.fa.set_block_style()
    else:
        made.fa.set_flow_style()
    return made


def _entry(one: Saved) -> Any:
    units = {} if one.units is None else {"units": one.units}
    return _styled({"value": one.value, "dtype": one.dtype, **units})


def _styled(value: Any) -> Any:
    """Return data that is written in one line, with text in quotes where it could be taken for another value."""
    if is_mapping(value):
        made: Any = CommentedMap((_styled(key), _styled(item)) for key, item in value.items())
        made.fa.set_flow_style()
        return made
    if is_list(value):
        made = CommentedSeq([_styled(item) for item in value])
        made.fa.set_flow_style()
        return made
    if isinstance(value, str) and (not _PLAIN.fullmatch(value) or value.lower() in _NOT_TEXT):
        return DoubleQuotedScalarString(value)
    return value
