"""With OPHYD_DECL_REQUIRE=all a test is skipped only for a reason that is written in `tests/allowed_skips.txt`.

Each line there is `NODEID-GLOB # reason`, where `*` stands for any text and nothing else is special. Any other skip is
reported as a failure: a check that silently stopped to run is worse than one that fails.
"""

import os
import re
from collections.abc import Generator
from pathlib import Path

import pytest

VARIABLE = "OPHYD_DECL_REQUIRE"
ALLOWED: pytest.StashKey[list[re.Pattern[str]] | None] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the list's place from the configuration."""
    parser.addini("allowed_skips", "file of skips that are allowed", type="paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Read the list once.

    :raises pytest.UsageError: if the variable, or a line of the list, is not understood.
    """
    required = os.environ.get(VARIABLE, "")
    if required not in ("", "all"):
        raise pytest.UsageError(f"{VARIABLE} is `all` or not set, not `{required}`")
    config.stash[ALLOWED] = read_allowed(config.getini("allowed_skips")) if required else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a test into a failure."""
    report = yield
    refuse_skip(item.config, report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Turn a skip of a whole module into a failure."""
    report = yield
    refuse_skip(collector.config, report)
    return report


def refuse_skip(config: pytest.Config, report: pytest.TestReport | pytest.CollectReport) -> None:
    """Make a report of a skip that is not allowed one of a failure."""
    allowed = config.stash[ALLOWED]
    if allowed is None or not report.skipped or hasattr(report, "wasxfail"):
        return
    if not any(pattern.fullmatch(report.nodeid) for pattern in allowed):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\n{VARIABLE}=all: this skip is not named in tests/allowed_skips.txt"


def read_allowed(files: list[Path]) -> list[re.Pattern[str]]:
    """Return the patterns of the list, each of which has its reason."""
    patterns: list[re.Pattern[str]] = []
    for file in files:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            pattern, _, reason = (part.strip() for part in f" {line}".partition(" #"))
            if pattern and not reason:
                raise pytest.UsageError(f"{file}:{number}: `{pattern}` has no reason")
            if pattern:
                patterns.append(re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL))
    return patterns
