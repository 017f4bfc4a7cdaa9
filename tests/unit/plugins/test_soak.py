"""The mark `soak`, and the option that adds what has it."""

import pytest

MODULE = """
import pytest

def test_short():
    pass

@pytest.mark.parametrize("x", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_some(x):
    pass

@pytest.mark.soak
def test_long():
    pass
"""


@pytest.mark.parametrize(("options", "passed", "deselected"), [((), 2, 2), (("--soak",), 4, 0)])
def test_what_is_long_is_deselected_unless_it_is_asked_for(
    pytester: pytest.Pytester, options: tuple[str, ...], passed: int, deselected: int
) -> None:
    pytester.makepyfile(MODULE)
    pytester.makepyprojecttoml("[tool.pytest.ini_options]\n")
    plugins = ("-p", "tests.plugins.soak", "--strict-markers", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*plugins, *options).assert_outcomes(passed=passed, deselected=deselected)
