"""Wire protocols: what goes over the line to a provider, and how it is read. `protocol` finds one by its name.

Each protocol is a module that satisfies `base.WireProtocol`. It is imported when it is first asked for: a session that
talks to one provider loads one protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jupyter_stream.providers import WireName
    from jupyter_stream.wire.base import WireProtocol

__all__ = ('protocol',)


def protocol(name: WireName) -> WireProtocol:
    """The protocol of that name, as `Provider.wire` has it."""
    return _PROTOCOLS[name]()


def _anthropic() -> WireProtocol:
    from jupyter_stream.wire import anthropic

    return anthropic


def _bedrock() -> WireProtocol:
    from jupyter_stream.wire import bedrock

    return bedrock


def _cohere() -> WireProtocol:
    from jupyter_stream.wire import cohere

    return cohere


def _gemini() -> WireProtocol:
    from jupyter_stream.wire import gemini

    return gemini


def _groq() -> WireProtocol:
    from jupyter_stream.wire import groq

    return groq


def _huggingface() -> WireProtocol:
    from jupyter_stream.wire import huggingface

    return huggingface


def _mistral() -> WireProtocol:
    from jupyter_stream.wire import mistral

    return mistral


def _openai_chat() -> WireProtocol:
    from jupyter_stream.wire import openai_chat

    return openai_chat


def _openai_responses() -> WireProtocol:
    from jupyter_stream.wire import openai_responses

    return openai_responses


_PROTOCOLS: Final[Mapping[WireName, Callable[[], WireProtocol]]] = {
    'anthropic': _anthropic,
    'bedrock': _bedrock,
    'cohere': _cohere,
    'gemini': _gemini,
    'groq': _groq,
    'huggingface': _huggingface,
    'mistral': _mistral,
    'openai_chat': _openai_chat,
    'openai_responses': _openai_responses,
}
