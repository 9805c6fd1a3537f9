"""Cohere's chat, version 2: https://docs.cohere.com/reference/chat-stream

`encode` writes a request, `Decoder` reads the stream of named events.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.cohere.content import fetchable
from jupyter_stream.wire.cohere.decode import Decoder
from jupyter_stream.wire.cohere.encode import encode
from jupyter_stream.wire.prepare import resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
