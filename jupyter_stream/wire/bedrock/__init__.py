"""Amazon Bedrock's ConverseStream: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html

`encode` writes a request, `Decoder` reads the frames of its answer, `fetchable` says which files have to be downloaded
first. What differs between the models that Bedrock serves is data in `profiles`. Who signs the request, and how, is not
known here: see `jupyter_stream.models.bedrock`.
"""

from jupyter_stream.framing.eventstream import EventStreamDecoder as Framing
from jupyter_stream.wire.bedrock.content import fetchable
from jupyter_stream.wire.bedrock.decode import Decoder
from jupyter_stream.wire.bedrock.encode import encode, resolved

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable', 'resolved')
