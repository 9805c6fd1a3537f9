"""Gemini's `streamGenerateContent`, of the Gemini API and of Vertex AI: https://ai.google.dev/api/generate-content

`encode` writes a request, `Decoder` reads the stream of responses, `fetchable` names the URLs that have to be
downloaded first. What differs between the two addresses and between models is data in `profiles`.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.gemini.content import fetchable
from jupyter_stream.wire.gemini.decode import Decoder
from jupyter_stream.wire.gemini.encode import encode, resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
