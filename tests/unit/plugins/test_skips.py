"""With OPHYD_DECL_REQUIRE=all only the skips of the list pass."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
TESTS = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="no such library")
def test_marked():
    pass

@pytest.mark.parametrize("n", [1, 2])
def test_inside(n):
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_known_to_fail():
    assert False
"""


def prepare(monkeypatch: pytest.MonkeyPatch, required: str) -> None:
    monkeypatch.syspath_prepend(ROOT)
    monkeypatch.setenv("OPHYD_DECL_REQUIRE", required)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: str, allowed: str) -> pytest.RunResult:
    prepare(monkeypatch, required)
    pytester.makepyfile(test_it=TESTS)
    pytester.makeini("[pytest]\nallowed_skips = allowed.txt")
    (pytester.path / "allowed.txt").write_text(allowed)
    return pytester.runpytest_inprocess("-p", "tests.plugins.skips", "-p", "no:cacheprovider")


def test_without_the_variable_a_skip_is_a_skip(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    run(pytester, monkeypatch, "", "").assert_outcomes(passed=1, skipped=3, xfailed=1)


def test_every_skip_that_is_not_named_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run(pytester, monkeypatch, "all", "# a comment\n\ntest_it.py::test_inside[[]1] # no glob but the star\n")
    result.assert_outcomes(passed=1, failed=2, errors=1, xfailed=1)
    result.stdout.fnmatch_lines(["*no such library*", "OPHYD_DECL_REQUIRE=all: this skip is not named in *"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_the_named_ones_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = "test_it.py::test_marked # absent here\ntest_it.py::test_inside[*] # never on this day\n"
    run(pytester, monkeypatch, "all", allowed).assert_outcomes(passed=1, skipped=3, xfailed=1)


def test_a_module_that_skips_itself_fails(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare(monkeypatch, "all")
    pytester.makepyfile(test_module="import pytest\npytest.importorskip('no_such_library')\n")
    result = pytester.runpytest_inprocess("-p", "tests.plugins.skips", "-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)


@pytest.mark.parametrize(
    ("required", "allowed", "said"),
    [
        ("some", "", "OPHYD_DECL_REQUIRE is `all` or not set, not `some`"),
        ("all", "a\ntest_it.py::test_marked\n", "allowed.txt:1: `a` has no reason"),
    ],
)
def test_what_is_not_understood_is_an_error(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: str, allowed: str, said: str
) -> None:
    result = run(pytester, monkeypatch, required, allowed)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said}*"])
