"""The same request on ours and on the peer's model, as plain data that can be compared."""

from __future__ import annotations

import asyncio
import dataclasses
import re
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pydantic_ai.direct
import pydantic_ai.exceptions
import pydantic_ai.messages
import pydantic_ai.models
import pydantic_ai.models.function
import pydantic_ai.models.test
import pydantic_ai.tools
import pytest

import jupyter_stream.exceptions
import jupyter_stream.messages
import jupyter_stream.models
import jupyter_stream.models.function
import jupyter_stream.models.test
import jupyter_stream.tools

OURS: Any = SimpleNamespace(
    messages=jupyter_stream.messages,
    models=jupyter_stream.models,
    function=jupyter_stream.models.function,
    test=jupyter_stream.models.test,
    tools=jupyter_stream.tools,
    exceptions=jupyter_stream.exceptions,
)
PEER: Any = SimpleNamespace(
    messages=pydantic_ai.messages,
    models=pydantic_ai.models,
    function=pydantic_ai.models.function,
    test=pydantic_ai.models.test,
    tools=pydantic_ai.tools,
    exceptions=pydantic_ai.exceptions,
)
UNTOLD = {'timestamp', 'run_id', 'duration'}


class Dump:
    """Plain data of messages, events and usage, with made-up ids numbered in the order they come."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def __call__(self, value: Any) -> Any:
        if type(value).__name__ == 'RequestUsage':
            return {'usage': (value.input_tokens, value.output_tokens, value.unmeasured_requests)}
        if dataclasses.is_dataclass(value):
            names = [f.name for f in dataclasses.fields(value) if f.name not in UNTOLD and not f.name.startswith('_')]
            return {'class': type(value).__name__} | {name: self(getattr(value, name)) for name in names}
        if isinstance(value, dict):
            return {key: self(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self(item) for item in value]
        if isinstance(value, str):
            return re.sub('pyd_ai_[0-9a-f]{32}', lambda m: self.ids.setdefault(m[0], f'id{len(self.ids)}'), value)
        return value


async def outcome(lib: Any, make: Callable[[Any], Any], history: Sequence[Any], parameters: Any) -> dict[str, Any]:
    """What a model says as a stream and as a whole, or the sentence of its error."""
    dump = Dump()
    found: dict[str, Any] = {}
    try:
        model = make(lib)
        found['names'] = (model.model_name, model.system, model.model_id, model.base_url)
        async with model.request_stream(list(history), None, parameters) as stream:
            found['before'] = dump((stream.get(), stream.usage, stream.model_name, stream.provider_name))
            found['events'] = []
            async for event in stream:
                found['events'].append(dump((event, stream.usage)))
            found['streamed'] = dump(stream.get())
        if getattr(model, 'function', True):
            found['whole'] = dump(await model.request(list(history), None, parameters))
    except Exception as error:
        found['error'] = str(error)
    return found


def parameters_of(lib: Any, spec: dict[str, Any]) -> Any:
    """`ModelRequestParameters` of `lib`; tools are given as keyword arguments."""
    tools = {
        kind: [lib.tools.ToolDefinition(**tool) for tool in spec.get(kind, [])]
        for kind in ('function_tools', 'output_tools')
    }
    return lib.models.ModelRequestParameters(**{**spec, **tools})


Same = Callable[..., dict[str, Any]]


@pytest.fixture
def same() -> Same:
    """Asks both, holds one outcome against the other, and returns it.

    `make(lib)` makes the model and `history(lib)` the messages, each from the classes of `lib`.
    """

    def check(
        make: Callable[[Any], Any], history: Callable[[Any], Sequence[Any]] | None = None, **parameters: Any
    ) -> dict[str, Any]:
        history = history or (lambda lib: [lib.messages.ModelRequest.user_text_prompt('hello')])
        got, want = (
            asyncio.run(outcome(lib, make, history(lib), parameters_of(lib, parameters))) for lib in (OURS, PEER)
        )
        assert got == want
        return got

    return check
