"""D11: nothing slow is loaded while a request is open, so that a stop closes it at once; also in a new process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_stream import prices
from jupyter_stream.messages import ModelResponse, TextPart
from jupyter_stream.notebook.views import widget
from jupyter_stream.usage import RequestUsage

FIRST_ANSWER = """
import json, os, sys
from IPython.core.interactiveshell import InteractiveShell
from tests.faults.server import ScriptedServer, chat, events, sends

view, late, is_open = sys.argv[1], [], [False]

class Watch:
    def find_spec(self, name, path=None, target=None):
        if is_open[0]:
            late.append(name)

sys.meta_path.insert(0, Watch())
answer = sends(events(chat('Hi **you** $x$ <b>', None), chat(finish='stop'), '[DONE]'), pause=0.2)

def step(connection):
    is_open[0] = True
    answer(connection)

shell = InteractiveShell.instance()
with ScriptedServer([step]) as server:
    os.environ |= {'OPENAI_API_KEY': 'k', 'OPENAI_BASE_URL': server.url + '/v1'}
    shell.run_cell('%load_ext jupyter_stream')
    shell.run_cell(f'%config AskMagics.view = {view!r}')
    shell.run_cell('from jupyter_stream.notebook.ask import aask; answer = await aask("Hi", model="openai-chat:m")')
    is_open[0] = False
print(json.dumps([shell.user_ns['answer'].text, late]))
"""


@pytest.mark.parametrize('view', ['live', 'markdown', 'static', 'terminal'])
def test_d11_the_first_answer_of_a_process_loads_nothing_while_its_request_is_open(view: str) -> None:
    pytest.importorskip('anywidget')
    done = subprocess.run(
        [sys.executable, '-c', FIRST_ANSWER, view],
        cwd=Path(__file__).parents[2],
        env={**os.environ, 'PYTHONPATH': str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    text, late = json.loads(done.stdout.splitlines()[-1])
    assert text == 'Hi **you** $x$ <b>'
    assert not [name for name in late if not name.startswith('jupyter_stream.')], 'of ours, only small ones'


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was loaded, by a process that has no prices yet."""
    noted: list[str] = []
    monkeypatch.setattr(prices, 'is_loaded', lambda: bool(noted))
    monkeypatch.setattr(prices, 'load', lambda: noted.append('prices'))
    return noted


def response(url: str | None, provider: str | None) -> ModelResponse:
    usage = RequestUsage(input_tokens=1000, output_tokens=1000)
    return ModelResponse(
        parts=[TextPart('x')], model_name='gpt-4o', provider_name=provider, provider_url=url, usage=usage
    )


def cost(url: str | None, *, provider: str | None = 'openai', is_whole: bool = True) -> Any:
    return widget._cost(response(url, provider), is_whole)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize('url', ['https://api.openai.com/v1', None], ids=['of a model', "of an SDK's stream"])
def test_d11_prices_are_loaded_after_the_first_whole_answer_of_a_seller(url: str | None, loaded: list[str]) -> None:
    pytest.importorskip('genai_prices')
    assert cost(url).startswith('≈ $')
    assert loaded == ['prices']


@pytest.mark.parametrize(
    ('url', 'provider', 'is_whole'),
    [('https://x', 'openai', False), ('http://127.0.0.1:1', 'openai', True), (None, None, True)],
)
def test_d11_a_stopped_cell_and_a_server_of_ones_own_load_no_prices(
    url: str | None, provider: str | None, is_whole: bool, loaded: list[str]
) -> None:
    assert cost(url, provider=provider, is_whole=is_whole) is None and loaded == []
