"""What the tests of section B share: a target and a request for every protocol."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from jupyter_stream.messages import ModelMessage, ModelRequest, UserPromptPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import profile
from jupyter_stream.providers import PROVIDERS, WireName
from jupyter_stream.wire import protocol
from jupyter_stream.wire.base import Target

PROTOCOLS: tuple[WireName, ...] = get_args(WireName)
MODELS = {'bedrock': 'anthropic.claude-sonnet-4-5-20250929-v1:0'}


def target(name: WireName, model: str = 'a-model') -> Target:
    row = next(row for row in PROVIDERS if row.wire == name)
    model = MODELS.get(name, model)
    return Target(model, row, profile(row, model))


def sent(name: WireName, history: Sequence[ModelMessage]) -> dict[str, Any]:
    """The body of the request for a history."""
    return protocol(name).encode(target(name), history, {}, ModelRequestParameters()).body


def turns(name: WireName, history: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    """The messages of that body, however the protocol calls them."""
    body = sent(name, history)
    return next(body[key] for key in ('messages', 'contents', 'input') if key in body)


def prompt(text: str) -> ModelRequest:
    return ModelRequest(parts=[UserPromptPart(text)])


def strings(node: Any) -> Iterator[tuple[str, str]]:
    """Each text of a body, with the name that it stands under."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, str):
                yield key, value
            else:
                yield from strings(value)
    elif isinstance(node, list):
        for item in node:
            yield from strings(item)


def text(node: Any) -> str:
    return json.dumps(node)
