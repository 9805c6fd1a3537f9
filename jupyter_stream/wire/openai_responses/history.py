"""The input items of a request, and what a user says as their parts: text, images and files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    AudioUrl,
    BinaryContent,
    CachePoint,
    DocumentUrl,
    ImageUrl,
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    TextContent,
    ToolAvailabilityDeltaPart,
    ToolReturnPart,
    UploadedFile,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import FetchedAudio, Target
from jupyter_stream.wire.chat_history import ChatHistory, leading
from jupyter_stream.wire.openai_responses.replay import Replay
from jupyter_stream.wire.openai_responses.state import Continuation, after_compaction
from jupyter_stream.wire.openai_responses.tools import definition

__all__ = ('fetchable', 'input_items', 'is_marked', 'lead_in', 'mark_instructions')

Item = dict[str, Any]
Part = dict[str, Any]

_MARKABLE = ('input_text', 'input_image', 'input_file')


def input_items(
    target: Target, goes_on: Continuation, settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> list[Item]:
    """The `input` of a request, without its instructions.

    Raises:
        UserError: the history holds what cannot be said in this protocol.
    """
    items = list(_History(target, goes_on, settings, parameters).messages(after_compaction(target, goes_on.messages)))
    _move_leading_marks(items)
    if not items and not goes_on.body:
        # The API refuses a request with nothing to answer, even if it has instructions.
        items.append({'role': 'user', 'content': ''})
    return items


class _History(ChatHistory):
    """What a tool returned and what the model answered are items of their own, and not messages."""

    def __init__(
        self, target: Target, goes_on: Continuation, settings: Mapping[str, Any], parameters: ModelRequestParameters
    ) -> None:
        super().__init__(target)
        self._replay = Replay(target, settings, parameters)
        self._scoped = target.profile.responses.scoped_call_ids
        self._response_id = goes_on.response_id
        self._later = _later_tools(parameters) if target.profile.responses.later_tools else None

    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return _input_content(self.target, content)

    def _request(self, request: ModelRequest) -> Iterator[Item]:
        for part in request.parts:
            if isinstance(part, ToolReturnPart):
                yield self._output(part.tool_call_id, self._returned(part))
            elif isinstance(part, ToolAvailabilityDeltaPart) and self._later is not None:
                yield from self._added(part, self._later)
            else:
                yield from self._request_part(part)

    def _added(self, part: ToolAvailabilityDeltaPart, later: dict[str, ToolDefinition]) -> Iterator[Item]:
        """The tools that are there from here on, each said once."""
        added = [later.pop(name) for name in part.tools_added if name in later]
        if added:
            tools = [definition(self.target.profile, tool) for tool in added]
            yield {'type': 'additional_tools', 'role': 'developer', 'tools': tools}

    def _retry(self, part: RetryPromptPart) -> Iterator[Item]:
        if part.tool_name is None:
            yield {'role': 'user', 'content': part.model_response()}
        else:
            yield self._output(part.tool_call_id, part.model_response())

    def _output(self, call_id: str, output: Any) -> Item:
        call_id = call_id.partition('|')[0]
        if self._scoped and self._response_id:
            call_id = call_id.removeprefix(f'{self._response_id}:')
        return {'type': 'function_call_output', 'call_id': call_id, 'output': output}

    def _returned(self, part: ToolReturnPart) -> Any:
        if not part.files:
            return part.model_response_str()
        return [_input_part(self.target, item) for item in part.content_items(mode='str')]

    def _response(self, response: ModelResponse) -> Iterator[Item]:
        yield from self._replay.items(response)
        own = response.provider_name == self.target.provider.name
        self._response_id = response.provider_response_id if own else None


def _later_tools(parameters: ModelRequestParameters) -> dict[str, ToolDefinition]:
    """The tools that the history shows instead of the request."""
    return {
        tool.name: tool
        for tool in parameters.function_tools
        if parameters.visibility_of(tool.name) in ('deferred', 'via_history')
        or (parameters.tool_visibility is None and tool.defer_loading and tool.name in parameters.revealed_tool_names)
    }


# ------------------------------------------------------------------ instructions


def lead_in(items: list[Item], role: str, text: str) -> None:
    """Say instructions as a message, after the system prompts that come first."""
    at = leading(items, role)
    items.insert(at, {'role': role, 'content': text})


def mark_instructions(items: list[Item], role: str, texts: Sequence[str], static: int) -> bool:
    """Say instructions as messages, the last of the first `static` of them marked for the cache.

    Returns whether they were: with nothing that stays the same there is nothing to mark, and nothing is changed.
    """
    at = next((index for index, item in enumerate(items) if item.get('role') != role or 'type' in item), len(items))
    marked = at + static - 1
    if marked < 0:
        return False
    items[at:at] = [{'role': role, 'content': text} for text in texts]
    _set_mark(items[marked], 'content')
    return True


# ----------------------------------------------------------------------- caching


def is_marked(items: Sequence[Item]) -> bool:
    """Whether any item has a mark for the cache."""
    return any(_CACHE_MARK in part for item in items for part in _parts(item))


def _parts(item: Item) -> list[Item]:
    body = item.get(_body_of(item))
    return cast('list[Item]', body) if isinstance(body, list) else []


def _body_of(item: Item) -> str:
    return 'output' if item.get('type') == 'function_call_output' else 'content'


def _move_leading_marks(items: list[Item]) -> None:
    """A cache point that begins a message marks what stands before that message."""
    index = 0
    while index < len(items):
        parts = _parts(items[index])
        if parts and _CACHE_MARK in parts[0] and parts[0].get('text') == '':
            _mark_before(items, index)
            del parts[0]
            if not parts:
                del items[index]
                continue
        index += 1


def _mark_before(items: list[Item], index: int) -> None:
    for item in reversed(items[:index]):
        if _set_mark(item, _body_of(item)):
            return
    raise UserError('A CachePoint marks what stands before it, so it cannot come first: put it after some content.')


def _set_mark(item: Item, name: str) -> bool:
    """Mark the end of an item; False when it is of a kind that cannot be marked, such as the model's own text."""
    body = item.get(name)
    if isinstance(body, str) and body and item.get('role') != 'assistant':
        item[name] = [{'type': 'input_text', 'text': body, _CACHE_MARK: {'mode': 'explicit'}}]
        return True
    parts = _parts(item)
    if not parts or parts[-1].get('type') not in _MARKABLE:
        return False
    parts[-1][_CACHE_MARK] = {'mode': 'explicit'}
    return True


# ---------------------------------------------------------------- what a user says

_CACHE_MARK: Final = 'prompt_cache_breakpoint'
_MARKED: Final = {'mode': 'explicit'}


def fetchable(target: Target, part: Any) -> bool:
    """Whether a part has to be downloaded first: only one of which the user says so, the API reads addresses itself."""
    return isinstance(part, (ImageUrl, DocumentUrl, AudioUrl)) and bool(part.force_download)


def _input_content(target: Target, content: str | Sequence[UserContent]) -> str | list[Part]:
    """The `content` of a user message.

    A cache point marks what stands before it; one that comes first is left as an empty text with the mark.

    Raises:
        UserError: an item is of a kind that the model cannot take, or would have to be downloaded first.
    """
    if isinstance(content, str):
        return content
    parts: list[Part] = []
    for item in content:
        if isinstance(item, CachePoint):
            _mark(target, parts)
        else:
            parts.append(_input_part(target, item))
    return parts


def _mark(target: Target, parts: list[Part]) -> None:
    if target.profile.responses.cache_marks:
        if not parts:
            parts.append({'type': 'input_text', 'text': ''})
        parts[-1][_CACHE_MARK] = _MARKED


def _input_part(target: Target, item: Any) -> Part:
    """An item of a user's content, or of what a tool returned.

    Raises:
        UserError: it is of a kind that the model cannot take, or would have to be downloaded first.
    """
    if isinstance(item, (str, TextContent)):
        return {'type': 'input_text', 'text': item if isinstance(item, str) else item.content}
    if fetchable(target, item):
        raise UserError(f'{item.url} cannot be sent by its address: pass its bytes as BinaryContent.')
    if isinstance(item, ImageUrl):
        return _image(item, image_url=item.url)
    if isinstance(item, (DocumentUrl, AudioUrl)):
        return {'type': 'input_file', 'file_url': item.url}
    if isinstance(item, UploadedFile):
        return _uploaded(target, item)
    if isinstance(item, BinaryContent):
        return _binary(item)
    raise UserError(f'{type(item).__name__} cannot be part of a prompt for the Responses API.')


def _image(item: ImageUrl | BinaryContent | UploadedFile, **source: str) -> Part:
    return {'type': 'input_image', 'detail': (item.vendor_metadata or {}).get('detail', 'auto'), **source}


def _binary(item: BinaryContent) -> Part:
    if item.is_image:
        return _image(item, image_url=item.data_uri)
    # A sound by its address is a file there, downloaded or not; one given as bytes is refused.
    if item.is_document or isinstance(item, FetchedAudio):
        return {'type': 'input_file', 'file_data': item.data_uri, 'filename': f'filename.{item.format}'}
    raise UserError(
        f'Content of the type {item.media_type!r} cannot be sent to the Responses API, which takes images and '
        'documents: convert it first.'
    )


def _uploaded(target: Target, item: UploadedFile) -> Part:
    if item.provider_name != target.provider.name:
        raise UserError(
            f'The file {item.file_id!r} lies with {item.provider_name!r} and cannot be used with '
            f'{target.provider.name!r}: upload it there.'
        )
    if item.media_type.startswith('image/'):
        return _image(item, file_id=item.file_id)
    return {'type': 'input_file', 'file_id': item.file_id}
