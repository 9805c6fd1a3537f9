"""The generated list of model strings: up to date, small, and each of them is understood."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import pytest

from jupyter_stream import providers
from jupyter_stream.models import KnownModelName as Exported
from jupyter_stream.providers._known_models import KNOWN_MODELS, KnownModelName
from jupyter_stream.providers._table import PROVIDERS


class Anything(Mapping[str, str]):
    """An environment in which every variable is set."""

    def __getitem__(self, name: str) -> str:
        example = next((v.example for row in PROVIDERS for v in row.variables if v.name == name), 'http://localhost/v1')
        return example

    def __iter__(self) -> Any:
        return iter(())

    def __len__(self) -> int:
        return 0


@pytest.fixture(scope='module')
def tool() -> dict[str, Any]:
    return runpy.run_path(str(Path(__file__).parents[2] / 'tools' / 'known_models.py'))


def test_it_is_what_the_tool_makes_of_the_locked_price_list(tool: dict[str, Any], root: Path):
    locked = tomllib.loads((root / 'uv.lock').read_text(encoding='utf-8'))['package']
    wanted = next(package['version'] for package in locked if package['name'] == 'genai-prices')
    if version('genai-prices') != wanted:
        pytest.skip(f'genai-prices is {version("genai-prices")} here and {wanted} in uv.lock')
    assert tool['TARGET'].read_text(encoding='utf-8') == tool['module'](), 'run tools/known_models.py'
    assert tool['main'](['--check']) == 0


def test_the_check_sees_an_old_file(tool: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    old = tmp_path / 'old.py'
    main = tool['main']
    main.__globals__['TARGET'] = old
    assert main(['--check']) == 1
    old.write_text('KNOWN_MODELS = ()', encoding='utf-8')
    assert main(['--check']) == 1
    assert 'run `python tools/known_models.py`' in capsys.readouterr().err
    assert main([]) == 0
    assert main(['--check']) == 0


def test_it_is_small_and_has_no_doubles():
    assert 100 < len(KNOWN_MODELS) < 400
    assert len(set(KNOWN_MODELS)) == len(KNOWN_MODELS)
    assert list(KNOWN_MODELS) == sorted(KNOWN_MODELS)
    assert get_args(KnownModelName) == KNOWN_MODELS
    assert Exported is KnownModelName


def test_every_name_of_the_table_is_in_it():
    assert {f'{row.all_prefixes[0]}:{model}' for row in PROVIDERS for model in row.models} <= set(KNOWN_MODELS)


@pytest.mark.parametrize('name', [name for name in KNOWN_MODELS if name not in ('test', 'local:')])
def test_a_name_is_understood(name: str):
    assert providers.resolve(name, api_key='k', env=Anything()).model_name == name.partition(':')[2]


def test_there_are_only_models_to_talk_with():
    assert not [name for name in KNOWN_MODELS if re.search('embed|whisper|tts|image|guard|moderation|realtime', name)]


@pytest.mark.parametrize(
    ('name', 'meant'),
    [
        ('gpt-4.1-nno', 'openai-chat:gpt-4.1-nano'),
        ('gpt-4.1-nano', 'openai-chat:gpt-4.1-nano'),
        ('claude-sonet-5', 'anthropic:claude-sonnet-5'),
        ('gpt-4o', 'openai-chat:gpt-4o'),
        ('ministral-8b-latest', 'mistral:ministral-8b-latest'),
        ('nothing-at-all-like-it', None),
    ],
)
def test_a_bare_or_misspelt_name_is_held_to_the_list(name: str, meant: str | None):
    assert providers.suggest(name) == meant
