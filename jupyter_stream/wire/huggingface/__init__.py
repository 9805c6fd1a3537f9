"""Hugging Face's Inference Providers: https://huggingface.co/docs/inference-providers/tasks/chat-completion

A dialect of Chat Completions. The router takes a model to a provider of its choice; a colon after the model's name
names another (`huggingface:deepseek-ai/DeepSeek-R1:together`).
"""

from jupyter_stream.wire.huggingface.decode import Decoder
from jupyter_stream.wire.huggingface.encode import encode
from jupyter_stream.wire.openai_chat import Framing
from jupyter_stream.wire.openai_chat.content import forced_image as fetchable

__all__ = ('Decoder', 'Framing', 'encode', 'fetchable')
