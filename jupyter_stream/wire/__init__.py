"""Wire protocols: what goes over the line to a provider, and how it is read. `protocol` finds one by its name.

Each protocol is a module that satisfies `base.WireProtocol`. It is imported when it is first asked for: a session that
talks to one provider loads one protocol.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_stream.providers import WireName
    from jupyter_stream.wire.base import WireProtocol

__all__ = ('protocol',)


def protocol(name: WireName) -> WireProtocol:
    """The protocol of that name, as `Provider.wire` has it."""
    match name:
        case 'anthropic':
            from jupyter_stream.wire import anthropic as found
        case 'bedrock':
            from jupyter_stream.wire import bedrock as found
        case 'cohere':
            from jupyter_stream.wire import cohere as found
        case 'gemini':
            from jupyter_stream.wire import gemini as found
        case 'groq':
            from jupyter_stream.wire import groq as found
        case 'huggingface':
            from jupyter_stream.wire import huggingface as found
        case 'mistral':
            from jupyter_stream.wire import mistral as found
        case 'openai_chat':
            from jupyter_stream.wire import openai_chat as found
        case 'openai_responses':
            from jupyter_stream.wire import openai_responses as found
    return found
