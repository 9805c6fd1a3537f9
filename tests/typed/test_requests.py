"""What a request says of a type is what the peer's says, for each kind of type, each output mode, each protocol.

The peer runs beside ours. The SDKs of six protocols are in an environment of their own: `make test-traces`.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import threading
import warnings
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pydantic_ai
import pydantic_ai.models.function
import pytest
from pydantic_ai import NativeOutput, PromptedOutput, ToolOutput

from jupyter_stream.direct import model_request_stream
from jupyter_stream.messages import ModelRequest
from jupyter_stream.output import OutputMode
from jupyter_stream.typed.wanted import Typed
from tests.instrumented.cases import MODELS, OURS, PEER, built
from tests.instrumented.test_table import of_all

from .kinds import KINDS

MODES: Mapping[OutputMode, Any] = {
    'auto': lambda wanted: wanted,
    'native': NativeOutput,
    'prompted': PromptedOutput,
    'tool': lambda wanted: wanted,
}
"""How the peer is told each mode. It has no word that makes tools of all members of a union: 'auto' does it."""

PROMPT = 'Which planets are there?'

PATIENCE = 120.0
"""Seconds for a connection and a reply: a busy machine may need longer than the usual five."""


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'):
        monkeypatch.setenv(name, 'none')
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'us-east-1')


# ------------------------------------------------------------------ the parameters


def their_parameters(output_type: Any) -> Any:
    """What the peer's agent hands to its model."""
    seen: list[Any] = []

    def answer(messages: Any, info: Any) -> Any:
        seen.append(info.model_request_parameters)
        raise RuntimeError('seen')

    model = pydantic_ai.models.function.FunctionModel(answer)
    model.prepare_request = lambda settings, parameters: (settings, parameters)  # type: ignore[method-assign]
    with contextlib.suppress(RuntimeError):
        asyncio.run(pydantic_ai.Agent(model, output_type=output_type).run(PROMPT))
    return seen[0]


def shown(parameters: Any) -> dict[str, Any]:
    """What of parameters says the form of the answer."""
    output = parameters.output_object
    return {
        'mode': parameters.output_mode,
        'text': parameters.allow_text_output,
        'object': dataclasses.asdict(output) if output else None,
        'tools': [
            (
                tool.name,
                tool.description,
                tool.parameters_json_schema,
                tool.outer_typed_dict_key,
                tool.kind,
                tool.strict,
            )
            for tool in parameters.output_tools
        ],
    }


@pytest.mark.parametrize('mode', ['auto', 'native', 'prompted'])
@pytest.mark.parametrize('kind', KINDS)
def test_the_form_of_the_answer_is_that_of_the_peer(kind: str, mode: OutputMode) -> None:
    ours = shown(Typed(KINDS[kind]).parameters(mode))
    theirs = shown(their_parameters(MODES[mode](KINDS[kind])))
    assert ours == theirs
    # In words the order counts too.
    assert json.dumps(ours['object']) == json.dumps(theirs['object'])


@pytest.mark.parametrize('kind', [kind for kind in KINDS if 'union' not in kind and 'optional' not in kind])
def test_a_tool_is_that_of_the_peer(kind: str) -> None:
    assert shown(Typed(KINDS[kind]).parameters('tool')) == shown(their_parameters(ToolOutput(KINDS[kind])))


# ------------------------------------------------------------------ the bodies


class _Listening(BaseHTTPRequestHandler):
    bodies: list[Any]

    def do_POST(self) -> None:
        self.bodies.append(json.loads(self.rfile.read(int(self.headers.get('content-length') or 0))))
        content = b'{"message": "only listening"}'
        self.send_response(400)
        self.send_header('content-type', 'application/json')
        self.send_header('content-length', str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture(scope='module')
def listening() -> Iterator[tuple[str, list[Any]]]:
    """A server on loopback that refuses each request, and what it was sent."""
    bodies: list[Any] = []
    server = HTTPServer(('127.0.0.1', 0), type('Handler', (_Listening,), {'bodies': bodies}))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}', bodies
    server.shutdown()
    thread.join()
    server.server_close()


async def ours(protocol: str, url: str, wanted: Any, mode: OutputMode) -> None:
    model = built(OURS, protocol, url)
    messages = [ModelRequest.user_text_prompt(PROMPT)]
    async with model_request_stream(
        model,
        messages,
        model_settings={'max_retries': 0, 'timeout': PATIENCE},
        model_request_parameters=Typed(wanted).parameters(mode),
    ):
        pass


async def theirs(protocol: str, url: str, wanted: Any, mode: OutputMode) -> None:
    agent: Any = pydantic_ai.Agent(built(PEER, protocol, url), output_type=MODES[mode](wanted))
    async with agent.run_stream(PROMPT, model_settings={'timeout': PATIENCE}):
        pass


def body(listening: tuple[str, list[Any]], ask: Any, *asked: Any) -> tuple[Any, str]:
    """What was sent, and, where nothing was, the kind of the error that said why."""
    url, bodies = listening
    bodies.clear()
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            asyncio.run(ask(asked[0], url, *asked[1:]))
        except Exception as error:
            return (bodies[0] if bodies else None), type(error).__name__
    raise AssertionError('the server refuses all')


def without_nulls(node: Any) -> Any:
    """JSON without what is null: the SDK of Hugging Face drops it from schemas, where it is a default."""
    if isinstance(node, dict):
        return {key: without_nulls(value) for key, value in node.items() if value is not None}
    return [without_nulls(one) for one in node] if isinstance(node, list) else node


@pytest.mark.parametrize('kind', ['model', 'list-of-models', 'union', 'enum', 'dict'])
@pytest.mark.parametrize('mode', ['auto', 'native', 'prompted'])
@pytest.mark.parametrize('protocol', of_all(MODELS))
def test_the_request_is_that_of_the_peer(
    protocol: str, mode: OutputMode, kind: str, listening: tuple[str, list[Any]]
) -> None:
    sent, error = body(listening, ours, protocol, KINDS[kind], mode)
    wanted, their_error = body(listening, theirs, protocol, KINDS[kind], mode)
    if protocol == 'huggingface':
        sent, wanted = without_nulls(sent), without_nulls(wanted)
    assert sent == wanted, (error, their_error)
    assert sent is not None or error == their_error == 'UserError'
