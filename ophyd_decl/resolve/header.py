"""The header of a file: version of the language and kind of file."""

from ..errors import Place
from ..model.files import API, KINDS
from ..model.kinds import shown
from ..source import Findings, LoadedFile, LocatedList, LocatedMapping
from ..source.suggest import nearest, suggest_or_list


def read_header(loaded: LoadedFile, findings: Findings) -> str | None:
    """Return the kind of a file, or None after a diagnostic.

    A file whose header is wrong is not looked at any further: nobody knows what its keys would mean.
    """
    root, file = loaded.root, loaded.file
    if root is None:
        if loaded.sound:
            _report_missing(("api", "kind"), file.start, findings)
        return None
    if not isinstance(root, LocatedMapping):
        place = root.place if isinstance(root, LocatedList) else file.start
        findings.error("E120", f"a file holds a mapping, this is {shown(root)}", place, f"begin with `api: {API}`")
        return None
    missing = tuple(name for name in ("api", "kind") if name not in root)
    if missing:
        first = next(iter(root), None)
        near = {name: key for name in root if (key := nearest(name, ("api", "kind"))) in missing and name != key}
        for name in near:
            findings.error("E110", f"unknown key `{name}`", root.key_place(name), f"did you mean `{near[name]}`?")
        left = tuple(name for name in missing if name not in near.values())
        if left:
            _report_missing(left, file.start if first is None else root.key_place(first), findings)
    if "api" in root and root["api"] != API:
        summary = f"this version reads `api: {API}`, not {shown(root['api'])}"
        findings.error("E113", summary, root.value_place("api"), f"write `api: {API}`")
        return None
    kind = root.get("kind")
    if "kind" in root and kind not in KINDS:
        help_text = suggest_or_list(str(kind), KINDS, "kinds of file")
        findings.error("E114", f"{shown(kind)} is no kind of file", root.value_place("kind"), help_text)
        return None
    return None if missing else str(kind)


def _report_missing(names: tuple[str, ...], place: Place, findings: Findings) -> None:
    words = " and ".join(f"`{name}`" for name in names)
    verb = "is" if len(names) == 1 else "are"
    hints = {"api": f"`api: {API}`", "kind": "`kind: " + "`, `".join(KINDS[:-1]) + f"` or `{KINDS[-1]}`"}
    help_text = f"begin the file with {' and '.join(hints[name] for name in names)}"
    findings.error("E111", f"{words} {verb} missing at the top of the file", place, help_text)
