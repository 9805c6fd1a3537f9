"""Mistral's chat completions: https://docs.mistral.ai/api/endpoint/chat

A dialect of Chat Completions: `Decoder` and `encode` are made of that protocol's pieces. Its own are content as a list
of chunks, thinking among them; nulls where others say nothing; and answers that are the arguments of an output tool.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.mistral.decode import Decoder
from jupyter_stream.wire.mistral.encode import encode
from jupyter_stream.wire.mistral.history import fetchable
from jupyter_stream.wire.prepare import resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
