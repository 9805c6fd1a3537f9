"""What the models without a wire share: how a request is prepared for them, and an estimate of its usage."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    BinaryContent,
    FilePart,
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponsePart,
    NativeToolCallPart,
    NativeToolReturnPart,
    RetryPromptPart,
    SystemPromptPart,
    TextContent,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserContent,
    UserPromptPart,
)
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire.prepare import relevant

REQUEST_OVERHEAD: Final = 50
"""Tokens that an estimate counts for any request, however short."""

_BETWEEN_WORDS: Final = re.compile(r'[\s",.:]+')
_RESOLVED_SETTINGS: Final = frozenset({'thinking', 'cache'})
"""Settings for a provider, of which there is none here."""


class OfflineModel(Model):
    """A model that answers from this process. It shows its fields in its repr, as a dataclass does."""

    native_output: bool = False
    """Whether an answer held to a JSON schema by the model itself may be asked for."""

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        """The settings over the model's own (None when there are none), and the parameters that apply.

        An output mode of 'auto' becomes 'tool'; what belongs to another output mode is dropped.

        Raises:
            UserError: the request asks for a form of answer that the model does not have.
        """
        settings = {k: v for k, v in self.merged(model_settings).items() if k not in _RESOLVED_SETTINGS}
        applied = relevant(model_request_parameters)
        if applied.output_mode == 'native' and not self.native_output:
            raise UserError('Native structured output is not supported by this model.')
        if applied.allow_image_output:
            raise UserError('Image output is not supported by this model.')
        applied = replace(
            applied,
            native_tools=list({tool.unique_id: tool for tool in applied.native_tools}.values()),
            tool_visibility={tool.name: applied.visibility_of(tool.name) for tool in applied.function_tools},
        )
        return cast(ModelSettings, settings) if settings else None, applied

    def __repr__(self) -> str:
        shown: dict[str, Any] = {'model_name': self.model_name}
        if is_dataclass(self):
            shown |= {field.name: getattr(self, field.name) for field in fields(self) if field.repr}
        if self.settings is not None:
            shown['settings'] = self.settings
        return f'{type(self).__qualname__}({", ".join(f"{name}={value!r}" for name, value in shown.items())})'


# ------------------------------------------------------------------- estimates


def estimate_tokens(content: str | Sequence[UserContent]) -> int:
    """A rough count of tokens: the words of a text, the bytes of a file; URLs count nothing."""
    if not content:
        return 0
    if isinstance(content, str):
        return len(_BETWEEN_WORDS.split(content.strip()))
    return sum(_item_tokens(item) for item in content)


def _item_tokens(item: UserContent) -> int:
    if isinstance(item, BinaryContent):
        return len(item.data)
    text = item.content if isinstance(item, TextContent) else item
    # Words are counted in a blank text too: a tokenizer has a token for white space.
    return len(_BETWEEN_WORDS.split(text.strip())) if isinstance(text, str) else 0


def _request_tokens(part: ModelRequestPart) -> int:
    match part:
        case SystemPromptPart() | UserPromptPart():
            return estimate_tokens(part.content)
        case ToolReturnPart():
            return estimate_tokens(part.model_response_str())
        case RetryPromptPart():
            return estimate_tokens(part.model_response())
        case _:
            return 0


def _response_tokens(part: ModelResponsePart) -> int:
    match part:
        case TextPart() | ThinkingPart():
            return estimate_tokens(part.content)
        case ToolCallPart() | NativeToolCallPart():
            return 1 + estimate_tokens(part.args_as_json_str())
        case NativeToolReturnPart():
            return estimate_tokens(part.model_response_str())
        case FilePart():
            return estimate_tokens([part.content])
        case _:
            return 0


def estimate_usage(messages: Iterable[ModelMessage]) -> RequestUsage:
    """Plausible numbers for tests: the requests' tokens as input, with some overhead, the responses' as output."""
    usage = RequestUsage(input_tokens=REQUEST_OVERHEAD)
    for message in messages:
        if isinstance(message, ModelRequest):
            usage.input_tokens += sum(_request_tokens(part) for part in message.parts)
        else:
            usage.output_tokens += sum(_response_tokens(part) for part in message.parts)
    return usage
