"""OpenAI's Responses: https://platform.openai.com/docs/api-reference/responses

`encode` writes a request, `Decoder` reads the stream of events, `fetchable` says which addresses the provider does not
read itself. What differs between models is data in `profiles`.
"""

from jupyter_stream.framing.sse import SSEDecoder as Framing
from jupyter_stream.wire.openai_responses.decode import Decoder
from jupyter_stream.wire.openai_responses.encode import encode
from jupyter_stream.wire.openai_responses.history import fetchable
from jupyter_stream.wire.prepare import resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
