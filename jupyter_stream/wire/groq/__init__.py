"""Groq's chat completions: https://console.groq.com/docs/api-reference

A dialect of Chat Completions. What is its own: usage comes under `x_groq`, a compound model tells of the searches it
made, a tool call that does not fit its schema comes as an error, and thinking is asked for by a format and an effort.
"""

from jupyter_stream.wire.groq.decode import Decoder
from jupyter_stream.wire.groq.encode import encode
from jupyter_stream.wire.openai_chat import Framing
from jupyter_stream.wire.openai_chat.content import forced_image as fetchable
from jupyter_stream.wire.prepare import resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
