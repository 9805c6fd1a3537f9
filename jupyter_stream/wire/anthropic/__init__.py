"""Anthropic's Messages: https://platform.claude.com/docs/en/api/messages

`encode` writes a request, `Decoder` reads the stream of its events, `fetchable` says which files have to be downloaded
first. What differs between the models is data in `profiles`.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.anthropic.content import fetchable
from jupyter_stream.wire.anthropic.decode import Decoder
from jupyter_stream.wire.anthropic.encode import encode, resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
