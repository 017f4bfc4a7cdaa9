"""`repeat`: one entry that makes several devices, one for each value of a variable."""

from dataclasses import replace
from typing import Any

from ..errors import Note
from ..model.kinds import Spot, shown
from ..model.types import REPEAT
from ..source import Findings, LocatedList, LocatedMapping
from ..source.findings import Repetition
from ..source.plain import plain
from ..source.tree import UNKNOWN
from ..vocab.names import is_identifier
from .bodies import names_in
from .expressions import WORDS, ExpressionError, split
from .pieces import Entry
from .scope import Scope, expand

#: Items of one `repeat`.
MAX_ITEMS = 10_000


def repeated(entry: Entry, findings: Findings) -> list[Entry]:
    """Return the entries that an entry makes: itself, unless it has a `repeat`.

    One whose items are not known, also after a diagnostic, is made once, so that its body is checked.
    """
    body = entry.body
    if not isinstance(body, LocatedMapping) or "repeat" not in body:
        return [entry]
    with entry.telling(findings):
        single = replace(entry, body=body.without("repeat"))
        return _Repeat(single, body, findings).items()


class _Repeat:
    """The `repeat` of one entry.

    :param entry: without its `repeat`.
    :param body: with it.
    """

    def __init__(self, entry: Entry, body: LocatedMapping, findings: Findings) -> None:
        self._entry = entry
        self._body = body
        self._findings = findings

    def items(self) -> list[Entry]:
        """Return the entries that are made."""
        findings, entry, mapping = self._findings, self._entry, self._body["repeat"]
        if not isinstance(mapping, LocatedMapping):
            help_text = "write `{var: n, over: [1, 2], name: …}`"
            Spot(self._body, "repeat", findings).error("E120", f"expected a mapping, got {shown(mapping)}", help_text)
            return self._unknown("")
        before = findings.error_count
        # The name needs the variable, so it is replaced for each item.
        others = [key for key in mapping if key != "over"]
        known = mapping.replaced(expand(mapping.without(*others), entry.scope))
        values = REPEAT.read(known, findings, self._body.key_place("repeat"))
        variable, over = values.get("var", ""), values.get("over", UNKNOWN)
        if isinstance(variable, str) and "var" in values:
            self._check_variable(variable, mapping)
        else:
            variable = ""
        if isinstance(over, list):
            size: int = len(over)  # pyright: ignore[reportUnknownArgumentType]
            if size > MAX_ITEMS:
                help_text = "use fewer values"
                place = mapping.value_place("over")
                findings.error("E105", f"{size} items, at most {MAX_ITEMS} are made", place, help_text)
            elif size > 1 and variable and "name" in values:
                self._check_name(variable, mapping)
        if findings.error_count != before or not isinstance(over, list) or not isinstance(known["over"], list):
            return self._unknown(variable)
        return self._made(variable, known, mapping)

    def _check_variable(self, variable: str, mapping: LocatedMapping) -> None:
        place = mapping.value_place("var")
        scope = self._entry.scope
        if not is_identifier(variable):
            help_text = "use letters, digits and `_`"
            self._findings.error("E407", f"{shown(variable)} is no name for a variable", place, help_text)
        elif variable in WORDS:
            self._findings.error("E405", f"`{variable}` is a word of expressions", place, "use another name")
        elif variable in scope.values:
            known = variable in scope.origins
            notes = (Note("the other one", scope.origins[variable]),) if known else ()
            self._findings.error("E405", f"`{variable}` is a variable already", place, "use another name", notes)

    def _check_name(self, variable: str, mapping: LocatedMapping) -> None:
        try:
            split(mapping["name"])
        except ExpressionError:
            return  # reported when the names are made
        if variable not in names_in(mapping["name"], all_of_them=True):
            help_text = f'the name must contain the variable: name: "{self._entry.key}${{{{ {variable} }}}}"'
            summary = "all devices that are made have the same name"
            self._findings.error("E405", summary, mapping.value_place("name"), help_text)

    def _unknown(self, variable: str) -> list[Entry]:
        """Return one entry whose name and variable are not known."""
        entry = self._entry
        entry.piece.leave_open()
        names = {variable: UNKNOWN} if variable and variable not in entry.scope.values else {}
        return [replace(entry, scope=entry.scope.with_names(names))]

    def _made(self, variable: str, known: LocatedMapping, mapping: LocatedMapping) -> list[Entry]:
        entry, findings = self._entry, self._findings
        holder: Any = known["over"]
        repetition = Repetition()
        made: dict[str, Entry] = {}
        for index, item in enumerate(holder):
            value = plain(item)
            place = holder.value_place(index) if isinstance(holder, LocatedList) else mapping.value_place("over")
            note = Note(f"with `{variable}` = {shown(value)}", place)
            scope = self._scope(variable, value, mapping)
            with findings.within(note, repeats=repetition):
                name = scope.value(mapping["name"], mapping, "name")
            if name is UNKNOWN:
                return self._unknown(variable)
            final = f"{entry.piece.prefix}{name}"
            if final in made:
                summary = f"two devices that are made have the name `{final}`"
                help_text = f"let the values of `{variable}` differ, and the name contain what differs"
                findings.error("E405", summary, mapping.value_place("name"), help_text, (*made[final].notes, note))
                break
            made[final] = replace(entry, name=final, scope=scope, notes=(note,), repetition=repetition)
        return list(made.values())

    def _scope(self, variable: str, value: Any, mapping: LocatedMapping) -> Scope:
        scope = self._entry.scope.with_names({variable: value})
        scope.origins[variable] = mapping.value_place("var")
        return scope
