"""Names of records in the files of an IOC, and what they tell about PVs that nothing answers to."""

from pathlib import Path

import pytest

from ophyd_decl.session.report import DeviceReport, Problem, Report
from ophyd_decl.tools.name_hints import with_hints
from ophyd_decl.tools.record_names import RecordName, has_macro, record_names

DATABASE = """\
# record(ai, "$(P)commented") {}
record(ai, "$(P)$(R=one)") { field(DESC, "a # in a text") alias("$(P)alias") }
record(ao, $(P)bare) {
  info(Q:group, {
    "$(P)table": {"+id": "epics:nt/NTTable:1.0", "value.x": {"+channel": "VAL"}},
    "$(P)second": {"x": {"+channel": "VAL"}}
  })
}
grecord(bo, "${P}curly:$(N=$(M=5))") { info(Q:group, "{\\"$(P)old\\": {\\"x\\": {}}}") }
alias("$(P)bare", "$(P)other")
"""


def names(path: Path, **macros: str) -> list[str]:
    return [record.name for record in record_names(path, macros)]


def test_records_aliases_and_groups_of_a_database(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    file.write_text(DATABASE)
    assert names(file, P="T:", M="7") == [
        "T:one", "T:alias", "T:bare", "T:table", "T:second", "T:curly:7", "T:old", "T:other",
    ]  # fmt: skip
    lines = {record.name: record.line for record in record_names(file, {"P": "T:"})}
    assert (lines["T:one"], lines["T:curly:5"], lines["T:other"]) == (2, 9, 10)
    assert all(has_macro(name) for name in names(file))


def test_macros_without_an_end_stop(tmp_path: Path) -> None:
    file = tmp_path / "records.db"
    file.write_text('record(ai, "$(P)") {}')
    assert has_macro(names(file, P="$(Q)", Q="$(P)")[0])
    file.write_text('include "records.db"\nrecord(ai, "a") {}')
    assert set(names(file)) == {"a"}


def test_substitutions_by_pattern_and_by_name(tmp_path: Path) -> None:
    (tmp_path / "db").mkdir()
    (tmp_path / "db" / "axis.template").write_text('record(ao, "$(P)$(M)") {}\ninclude "more.template"\n')
    (tmp_path / "db" / "more.template").write_text('record(ao, "$(P)$(M):more$(S=)") {}')
    file = tmp_path / "db" / "axes.substitutions"
    file.write_text(
        'global {P="B:"}\n'
        "file axis.template {\n"
        '  pattern {M, S}  # the names\n  {"x", "1"}\n  {y, ""}\n}\n'
        'file "$(KIND).template" { {M=z} }\n'
    )
    assert names(file, KIND="axis") == ["B:x", "B:x:more1", "B:y", "B:y:more", "B:z", "B:z:more"]
    beside = tmp_path / "iocBoot" / "axes.subs"
    beside.parent.mkdir()
    beside.write_text('file axis.template { {P="C:", M="x"} }')
    assert names(beside) == ["C:x", "C:x:more"]
    beside.write_text("file nowhere.template { {P=a} }")
    with pytest.raises(FileNotFoundError, match=r"nowhere\.template"):
        names(beside)


def test_a_list_of_names(tmp_path: Path) -> None:
    file = tmp_path / "records.txt"
    file.write_text('T:one\n"T:two","mm"\n\n$(P)three\n')
    assert names(file, P="T:") == ["T:one", "T:two", "T:three"]


@pytest.mark.parametrize("text", ["", "record(", 'record(ai, "', "file", "file x {", "pattern {a", "}}{{", '"\\'])
@pytest.mark.parametrize("suffix", [".db", ".substitutions", ".txt"])
def test_what_is_broken_is_passed_over(tmp_path: Path, text: str, suffix: str) -> None:
    file = tmp_path / f"broken{suffix}"
    file.write_text(text)
    assert all(record.file for record in record_names(file, {}))


def hints(source: str, *known: RecordName, code: str = "E610") -> str:
    problem = Problem("error", code, "missing", "a.b", source, "", None, None, "as before", "b.yaml", 1, 1)
    device = DeviceReport("a", "group", "b.yaml", 1, 1, "absent", True, 1, 0, 0.0, (problem,))
    return with_hints(Report("b", None, 0.0, [device]), known).devices[0].problems[0].help


def test_hints() -> None:
    known = [RecordName(name, "x.db", line) for line, name in enumerate(("BL:MOTOR:velocity", "BL:MOTOR:x", "SOLO"), 1)]
    there = "x.db:1 has it: does its IOC run, with this file, where names are searched?"
    assert hints("ca://BL:MOTOR:velocity", *known) == hints("pva://BL:MOTOR:velocity.EGU", *known) == there
    assert hints("ca://BL:MOTOR:velocty.VAL", *known) == "did you mean `BL:MOTOR:velocity.VAL`? x.db:1 has it"
    assert hints("ca://SOL", *known) == "did you mean `SOLO`? x.db:3 has it"
    assert hints("ca://BM:MOTOR:velocity", *known) == "did you mean `BL:MOTOR:velocity`? x.db:1 has it"
    assert hints("ca://ELSEWHERE", *known) == hints("tango://h:1/a/b/c/d", *known) == "as before"
    assert hints("ca://BL:MOTOR:velocity", *known, code="E620") == "as before"
