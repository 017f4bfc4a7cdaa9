"""Code frames: the carets stand under the mistake whatever stands left of it."""

import os
from pathlib import Path

import pytest

from ophyd_decl.errors import Diagnostic, Note, Place
from ophyd_decl.source.frames import FRAME_COLUMNS, render_github, render_text, shown_file, to_json


def diagnostic(file: Path, line: int, column: int, end: int, **facts: object) -> Diagnostic:
    values = {"severity": "error", "code": "E110", "summary": "unknown key `velocty` in epics.motor", **facts}
    return Diagnostic(place=Place(str(file), line, column, line, end), **values)  # type: ignore[arg-type]


def written(folder: Path, text: str) -> Path:
    file = folder / "beamline.yaml"
    file.write_bytes(text.encode())
    return file


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_form_of_the_design(here: Path) -> None:
    text = "\n" * 11 + '  x: {type: epics.motor, prefix: "BL22I:X", velocty: 2}\n'
    found = diagnostic(
        written(here, text), 12, 45, 52, help="did you mean `velocity`?",
        notes=(Note("the type is here", Place("types.yaml", 3, 5, 3, 9)), Note("a fact")),
    )  # fmt: skip
    assert render_text([found]) == (
        "error[E110]: unknown key `velocty` in epics.motor\n"
        " --> beamline.yaml:12:45\n"
        "   |\n"
        '12 |   x: {type: epics.motor, prefix: "BL22I:X", velocty: 2}\n'
        "   |                                             ^^^^^^^\n"
        "   = help: did you mean `velocity`?\n"
        "   = note: the type is here (types.yaml:3:5)\n"
        "   = note: a fact\n"
        "\n"
        "1 error in 1 file"
    )


@pytest.mark.parametrize(
    ("line", "wrong", "indent", "carets"),
    [
        ("doc: 日本語, x: 1", "x", 4 + 1 + 6 + 2, 1),
        ("doc: 日本語", "日本語", 5, 6),
        ("\tx: 1", "x", 4, 1),
        ("a\tx: 1", "x", 4, 1),
        ("e\u0301e\u0301: x", "x", 4, 1),
        ("\x1b[31m: x", "x", 7, 1),
        ("\u202ea: x", "x", 4, 1),
        ("abc", "", 3, 1),
    ],
)
def test_carets_count_columns_of_the_terminal(here: Path, line: str, wrong: str, indent: int, carets: int) -> None:
    start = line.index(wrong) + 1 if wrong else len(line) + 1
    text = render_text([diagnostic(written(here, line + "\n"), 1, start, start + len(wrong))])
    assert text.splitlines()[4] == "  | " + " " * indent + "^" * carets
    assert "\x1b" not in text
    assert "\u202e" not in text


def test_a_byte_order_mark_and_carriage_returns_are_not_shown(here: Path) -> None:
    text = render_text([diagnostic(written(here, "\ufeffa: 1\r\nb: 2\r\n"), 1, 1, 2)])
    assert text.splitlines()[3:5] == ["1 | a: 1", "  | ^"]


def test_a_span_of_several_lines_is_underlined_in_its_first(here: Path) -> None:
    place = Place(str(written(here, "a: |\n  b\n  c\n")), 1, 4, 3, 4)
    assert render_text([Diagnostic("error", "E121", "no", place)]).splitlines()[4] == "  |    ^"


@pytest.mark.parametrize("line", [0, 4, 99])
def test_a_place_that_the_file_does_not_have_gets_no_frame(here: Path, line: int) -> None:
    assert "|" not in render_text([diagnostic(written(here, "a\nb\n"), line, 1, 2)])


def test_a_file_that_cannot_be_read_gets_no_frame_and_a_pipe_does_not_hang(here: Path) -> None:
    os.mkfifo(here / "pipe")
    assert "|" not in render_text([diagnostic(here / "pipe", 1, 1, 2), diagnostic(here / "none", 1, 1, 2)])


def test_a_long_line_is_cut_around_the_mistake(here: Path) -> None:
    line = "x" * 5000 + "WRONG" + "y" * 5000
    lines = render_text([diagnostic(written(here, line), 1, 5001, 5006)]).splitlines()
    assert len(lines[3]) <= FRAME_COLUMNS + len("1 | ")
    start = lines[4].index("^")
    assert lines[3][start : start + 5] == "WRONG"
    assert lines[3][4] == lines[3][-1] == "…"


def test_at_most_fifty_and_no_error_is_hidden_by_warnings(here: Path) -> None:
    file = written(here, "a\n")
    many = [diagnostic(file, 1, 1, 2, severity="warning", summary=f"w{n}") for n in range(60)]
    many.append(diagnostic(file, 1, 1, 2, summary="the error"))
    text = render_text(many)
    assert "the error" in text
    assert "11 more are not shown" in text
    assert text.endswith("1 error, 60 warnings in 1 file")
    answer = to_json(many)
    assert answer["truncated"]
    assert len(answer["diagnostics"]) == 50


def test_json_has_the_keys_of_the_design(here: Path) -> None:
    found = diagnostic(here / "a.yaml", 1, 2, 3, notes=(Note("n", Place(str(here / "b.yaml"), 4, 5, 4, 6)),))
    assert to_json([found], device_count=2, signal_count=7) == {
        "schema": 1,
        "valid": False,
        "device_count": 2,
        "signal_count": 7,
        "truncated": False,
        "diagnostics": [
            {
                "severity": "error",
                "code": "E110",
                "summary": "unknown key `velocty` in epics.motor",
                "file": "a.yaml",
                "line": 1,
                "column": 2,
                "end_line": 1,
                "end_column": 3,
                "help": None,
                "notes": [{"message": "n", "file": "b.yaml", "line": 4, "column": 5}],
            }
        ],
    }
    assert to_json([diagnostic(here / "a.yaml", 1, 2, 3, severity="warning")])["valid"]


def test_github_annotations_are_escaped(here: Path) -> None:
    found = diagnostic(here / "a,b.yaml", 1, 2, 3, summary="100% wrong", help="mend it")
    assert render_github([found]) == (
        "::error file=a%2Cb.yaml,line=1,endLine=1,col=2,endColumn=3,title=E110::100%25 wrong%0Ahelp: mend it"
    )


def test_an_annotation_of_several_lines_has_no_columns(here: Path) -> None:
    # Source: GitHub REST API, check runs, `start_column`: omit it where the lines differ.
    place = Place(str(here / "a.yaml"), 2, 3, 4, 5)
    found = Diagnostic("warning", "E106", "odd", place, None, (Note("first\nhere", place),))
    assert render_github([found]) == (
        "::warning file=a.yaml,line=2,endLine=4,title=E106::odd%0Anote: first here (a.yaml:2:3)"
    )


def test_what_is_wrong_in_a_call_is_shown_as_it_was_given(here: Path) -> None:
    call = Place("--set vars.x=[1\n2", 1, 1, 1, 2)
    own = Diagnostic("error", "E101", "odd", call, "mend it", (Note("here too", Place("--profile p", 1, 1, 1, 2)),))
    text = "error[E101]: odd\n  = in the call: {}\n  = help: mend it\n  = note: here too ({})\n\n1 error in the call"
    assert render_text([own]) == text.format("--set vars.x=[1 2", "--profile p")
    assert render_text([own], in_python=True) == text.format(r"set={'vars.x': '[1\n2'}", "profile='p'")
    assert render_github([own]) == (
        "::error title=E101::odd%0Ain the call: --set vars.x=[1 2%0Ahelp: mend it%0Anote: here too (--profile p)"
    )
    (found,) = to_json([own])["diagnostics"]
    assert (found["file"], found["line"], found["column"]) == (call.file, 1, 1)
    assert shown_file("--set x=ca://X") == "--set x=ca://X"
    in_file = diagnostic(written(here, "a"), 1, 1, 2)
    assert render_text([in_file, own]).endswith("\n\n2 errors in 1 file and the call")
    assert render_text([in_file], in_python=True) == render_text([in_file])
    long = Diagnostic("error", "E101", "odd", Place(f"--set x={'y' * 999}", 1, 1, 1, 2))
    assert max(map(len, render_text([long]).splitlines())) < FRAME_COLUMNS + 20
    for name in ("--profile", "signal(1).yaml", "set.yaml"):
        assert str(Place(name, 1, 2, 1, 3)) == f"{name}:1:2"


def test_many_mistakes_of_one_cause_are_counted_and_hide_no_other(here: Path) -> None:
    file = written(here, "a\n" * 600)
    many = [diagnostic(file, line, 1, 2, summary="`b1` is not defined") for line in range(1, 501)]
    many.append(diagnostic(file, 501, 1, 2, summary="another"))
    text = render_text(many)
    assert text.count("error[E110]: `b1` is not defined") == 10
    assert "= note: 490 more like this, the last is here (beamline.yaml:500:1)\n\nerror[E110]: another" in text
    assert text.endswith("501 errors in 1 file")
    assert "more are not shown" not in text
    answer = to_json(many)
    assert len(answer["diagnostics"]) == 50
    assert answer["diagnostics"][-1]["summary"] == "another"
    assert render_github(many).count("\n") == 49


def test_color_only_adds_to_the_text(here: Path) -> None:
    found = [diagnostic(written(here, "a: 1\n"), 1, 1, 2, help="h")]
    painted = render_text(found, color=True)
    assert "\x1b[1;31m" in painted
    for style in ("1;31", "1;34", "1", "0"):
        painted = painted.replace(f"\x1b[{style}m", "")
    assert painted == render_text(found)


def test_nothing_wrong_is_no_text() -> None:
    assert render_text([]) == ""


def test_files_are_relative_unless_only_the_root_is_shared(here: Path) -> None:
    (here / "sub").mkdir()
    os.chdir(here / "sub")
    assert shown_file(str(here / "a.yaml")) == "../a.yaml"
    assert shown_file("/nowhere/a.yaml") == "/nowhere/a.yaml"
