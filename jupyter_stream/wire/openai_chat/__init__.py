"""OpenAI's Chat Completions, and everything that speaks it: https://platform.openai.com/docs/api-reference/chat

`encode` writes a request, `Decoder` reads the stream of chunks, `fetchable` says which files are downloaded first. What
differs between providers and models is data in `providers` and `profiles`; the few habits that need code (how thinking
is asked for, `reasoning_details`) are small functions chosen by that data.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.openai_chat.content import fetchable
from jupyter_stream.wire.openai_chat.decode import Decoder
from jupyter_stream.wire.openai_chat.encode import encode
from jupyter_stream.wire.prepare import resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
