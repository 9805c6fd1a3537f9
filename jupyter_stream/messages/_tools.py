"""Calls of tools and what they returned, by the caller's tools and by the provider's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias, cast

from .._dataclasses import OwnSerializer, custom_schema, generate_tool_call_id, now_utc, short_repr
from ._content import MultiModalContent, UserContent, is_multi_modal_content
from ._files import dump_recording_files, load_recorded_files
from ._otel import OtelOptions, OtelPart, call_response, jsonable

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

INVALID_JSON_KEY = 'INVALID_JSON'
"""The key under which arguments that are no JSON object are kept, so that they can still be sent back."""

RETURN_VALUE_KEY = 'return_value'
"""The key under which a value that is no object is given to a provider that wants an object."""

ToolPartKind: TypeAlias = str
ToolRetryCause: TypeAlias = Literal['validation_error', 'model_retry', 'unknown_tool', 'unavailable_tool']
RetryFeedbackCause: TypeAlias = Literal['validation_error', 'no_output', 'model_retry']
ToolReturnOutcome: TypeAlias = Literal['success', 'failed', 'denied', 'interrupted', 'retried']
ToolReturnContent: TypeAlias = Any
"""Anything that can be JSON, with files anywhere in it."""

ERROR_OUTCOMES = ('failed', 'retried')


def _to_json(value: Any) -> str:
    from pydantic_core import to_json

    return to_json(value, bytes_mode='base64', by_alias=True).decode()


def _to_jsonable(value: Any) -> Any:
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value, bytes_mode='base64', by_alias=True)


def _as_text(value: Any) -> str:
    # A date or an id is a string in JSON; sent without its quotes, it reads the same before and after saving.
    jsonable = _to_jsonable(value)
    return jsonable if isinstance(jsonable, str) else _to_json(value)


@dataclass(frozen=True, repr=False)
class RetryInfo:
    """Why something was asked for again, and which attempt of how many it is (None when not counted)."""

    cause: Literal['validation_error', 'model_retry', 'unknown_tool', 'unavailable_tool', 'no_output']
    _: KW_ONLY
    attempt: int | None = None
    max_retries: int | None = None

    __repr__ = short_repr


@dataclass(repr=False)
class BaseToolReturnPart:
    """What a tool returned: `content` is any value that can be JSON, with files anywhere in it."""

    tool_name: str
    content: ToolReturnContent
    tool_call_id: str = field(default_factory=generate_tool_call_id)
    _: KW_ONLY
    tool_kind: ToolPartKind | None = None
    metadata: Any = None
    timestamp: datetime = field(default_factory=now_utc)
    outcome: ToolReturnOutcome = 'success'

    __pydantic_serializer__ = OwnSerializer()

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return custom_schema(handler(source), handler, load=load_recorded_files, dump=dump_recording_files)

    def has_content(self) -> bool:
        """Whether it returned anything."""
        return self.content is not None

    def _split(self) -> tuple[list[Any], list[MultiModalContent]]:
        items = self.content_items()
        files = [item for item in items if is_multi_modal_content(item)]
        return [item for item in items if not is_multi_modal_content(item)], files

    def _is_list(self) -> bool:
        return isinstance(self.content, list)

    def _data(self) -> Any:
        data, files = self._split()
        if not data:
            return None
        single = len(data) == 1 and (files or not self._is_list())
        return data[0] if single else data

    @property
    def files(self) -> list[MultiModalContent]:
        """The files in the content, when it is a file or a list with files."""
        return self._split()[1]

    def _is_error(self, wrap: bool) -> bool:
        return wrap and self.outcome in ERROR_OUTCOMES

    def _error(self) -> dict[str, Any]:
        value = self._data()
        keeps_form = self.outcome == 'retried' and value is not None and not isinstance(value, str)
        return {'error': _to_jsonable(value) if keeps_form else self.model_response_str(wrap_if_error=False)}

    def model_response_str(self, *, wrap_if_error: bool = True) -> str:
        """The content without files as text: a string as it is, else JSON; an error inside `{"error": …}`."""
        if self._is_error(wrap_if_error):
            return _to_json(self._error())
        value = self._data()
        if value is None:
            return ''
        return value if isinstance(value, str) else _as_text(value)

    def model_response_object(self, *, wrap_if_error: bool = True) -> dict[str, Any]:
        """The content without files as a dict. A value that is no object stands under the key `return_value`."""
        if self._is_error(wrap_if_error):
            return self._error()
        value = self._data()
        if value is None:
            return {}
        jsonable = _to_jsonable(value)
        return cast('dict[str, Any]', jsonable) if isinstance(jsonable, dict) else {RETURN_VALUE_KEY: jsonable}

    def content_items(
        self, *, mode: Literal['raw', 'str', 'jsonable'] = 'raw', wrap_if_error: bool = True
    ) -> list[Any]:
        """The content item by item; in the modes 'str' and 'jsonable' all but the files are text, or JSON values."""
        items: list[Any] = list(self.content) if self._is_list() else [self.content]
        if mode == 'raw':
            return items
        if self._is_error(wrap_if_error):
            return [self.model_response_str() if mode == 'str' else self._error(), *self.files]
        if self.outcome == 'retried' and self._is_list() and not self.files:
            return [self.model_response_str(wrap_if_error=False) if mode == 'str' else _to_jsonable(items)]
        convert = _as_text if mode == 'str' else _to_jsonable
        return [item if isinstance(item, str) or is_multi_modal_content(item) else convert(item) for item in items]

    def model_response_str_and_user_content(self, *, wrap_if_error: bool = True) -> tuple[str, list[UserContent]]:
        """For providers whose tool results are text: the text, which names the files, and the files framed by name."""
        files = self.files
        if not files:
            return self.model_response_str(wrap_if_error=wrap_if_error), []
        framed = [item for file in files for item in self._framed(file)]
        if self._is_error(wrap_if_error):
            return _to_json([self._error(), *map(_mention, files)]), framed
        items = self.content_items(mode='str', wrap_if_error=False)
        texts = [_mention(item) if is_multi_modal_content(item) else item for item in items]
        return (_to_json(texts) if self._is_list() else texts[0]), framed

    def _framed(self, file: MultiModalContent) -> list[UserContent]:
        names = {'tool_name': self.tool_name, 'tool_call_id': self.tool_call_id, 'file_id': file.identifier}
        opening, closing = frame_tags('pyai:tool_result', **names)
        return [opening, file, closing]

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it."""
        is_native = isinstance(self, NativeToolReturnPart)
        return [call_response(self.tool_call_id, self.tool_name, self.content, settings, is_native=is_native)]

    __repr__ = short_repr


def _mention(file: MultiModalContent) -> str:
    return f'See file {file.identifier}.'


def frame_tags(tag: str, **attributes: str | None) -> tuple[str, str]:
    """An opening and a closing tag around what is not the speaker's own words; None attributes are left out."""
    from html import escape

    said = ''.join(f' {name}="{escape(value)}"' for name, value in attributes.items() if value is not None)
    return f'<{tag}{said}>', f'</{tag}>'


@dataclass(repr=False)
class ToolReturnPart(BaseToolReturnPart):
    """What a tool of the caller returned; `outcome='retried'` asks the model to call it again, better."""

    _: KW_ONLY
    retry: RetryInfo | None = None
    part_kind: Literal['tool-return'] = 'tool-return'

    __repr__ = short_repr


@dataclass(repr=False)
class NativeToolReturnPart(BaseToolReturnPart):
    """What a tool of the provider returned."""

    _: KW_ONLY
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None
    part_kind: Literal['builtin-tool-return'] = 'builtin-tool-return'

    __repr__ = short_repr


@dataclass(repr=False)
class BaseToolCallPart:
    """A call of a tool. `args` are JSON text (while streaming, a beginning of it) or an object."""

    otel_metadata: ClassVar[Mapping[str, Any] | None] = None
    """On an instance: what the tool's definition says of its arguments for whoever shows a trace; it is not saved."""

    tool_name: str
    args: str | dict[str, Any] | None = None
    tool_call_id: str = field(default_factory=generate_tool_call_id)
    _: KW_ONLY
    tool_kind: ToolPartKind | None = None
    id: str | None = None
    provider_name: str | None = None
    provider_details: dict[str, Any] | None = None

    def args_as_dict(self, *, raise_if_invalid: bool = False) -> dict[str, Any]:
        """The arguments as a dict. Arguments that are no JSON object are its value under the key `INVALID_JSON`.

        With `raise_if_invalid`, raises ValueError (not JSON) or AssertionError (JSON, but no object) instead.
        """
        from pydantic_core import from_json

        if not self.args:
            return {}
        if isinstance(self.args, dict):
            return self.args
        try:
            args = from_json(self.args)
            if not isinstance(args, dict):
                raise AssertionError(f'The arguments of the tool call {self.tool_name!r} are JSON, but not an object.')
        except (ValueError, AssertionError):
            if raise_if_invalid:
                raise
            return {INVALID_JSON_KEY: self.args}
        return cast('dict[str, Any]', args)

    def args_as_json_str(self) -> str:
        """The arguments as compact JSON text."""
        from pydantic_core import to_json

        return to_json(self.args_as_dict()).decode()

    def has_content(self) -> bool:
        """Whether there are arguments."""
        return self.args not in ('', {}, None)

    def otel_message_parts(self, settings: OtelOptions) -> list[OtelPart]:
        """What a trace records of it."""
        part: OtelPart = {'type': 'tool_call', 'id': self.tool_call_id, 'name': self.tool_name}
        if isinstance(self, NativeToolCallPart):
            part['builtin'] = True
        part |= self.otel_metadata or {}
        if settings.include_content and self.args is not None:
            args = self.args
            part['arguments'] = args if isinstance(args, str) else {key: jsonable(arg) for key, arg in args.items()}
        return [part]

    __repr__ = short_repr


@dataclass(repr=False)
class ToolCallPart(BaseToolCallPart):
    """The model calls a tool of the caller."""

    _: KW_ONLY
    part_kind: Literal['tool-call'] = 'tool-call'

    __repr__ = short_repr


@dataclass(repr=False)
class NativeToolCallPart(BaseToolCallPart):
    """The model called a tool that the provider runs."""

    _: KW_ONLY
    part_kind: Literal['builtin-tool-call'] = 'builtin-tool-call'

    __repr__ = short_repr
