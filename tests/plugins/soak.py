"""`--soak` adds the tests that are marked `soak`: too long for every run, and needed before a release.

Without it they are deselected rather than skipped: nothing is wrong with them, and a skip needs a written reason.
What they have measured is written to a file with `--figures FILE`.
"""

import json
import time
from pathlib import Path

import pytest


class Figures:
    """What the tests of a run have measured, in order."""

    def __init__(self) -> None:
        self.rows: dict[str, str] = {}

    def add(self, what: str, figure: str) -> None:
        """Note one figure."""
        self.rows[what] = figure


FIGURES: pytest.StashKey[Figures] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the option."""
    parser.addoption("--soak", action="store_true", help="run the long tests too, which takes an hour")
    parser.addoption("--figures", metavar="FILE", help="write what was measured to a file, in one process only")


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "soak: too long for every run; `--soak` adds it")
    config.stash[FIGURES] = Figures()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests out."""
    if config.getoption("soak"):
        return
    left_out = [item for item in items if item.get_closest_marker("soak") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item.get_closest_marker("soak") is None]


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Return what this run has measured, to be added to."""
    return request.config.stash[FIGURES]


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the figures."""
    path = session.config.getoption("figures")
    if path:
        answer = {"date": time.strftime("%d %B %Y").lstrip("0"), "figures": session.config.stash[FIGURES].rows}
        Path(path).write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")
