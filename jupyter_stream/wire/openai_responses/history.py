"""The input items of a request, as the Responses API has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelRequest,
    ModelResponse,
    RetryPromptPart,
    ToolReturnPart,
    UserContent,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.chat_history import ChatHistory, leading
from jupyter_stream.wire.openai_responses.content import CACHE_MARK, input_content, input_part
from jupyter_stream.wire.openai_responses.replay import Replay
from jupyter_stream.wire.openai_responses.state import Continuation, after_compaction

__all__ = ('input_items', 'is_marked', 'lead_in', 'mark_instructions')

Item = dict[str, Any]

_MARKABLE = ('input_text', 'input_image', 'input_file')


def input_items(
    target: Target, goes_on: Continuation, settings: Mapping[str, Any], parameters: ModelRequestParameters
) -> list[Item]:
    """The `input` of a request, without its instructions.

    Raises:
        UserError: the history holds what can't be said in this protocol.
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

    def _content(self, content: str | Sequence[UserContent]) -> Any:
        return input_content(self.target, content)

    def _request(self, request: ModelRequest) -> Iterator[Item]:
        for part in request.parts:
            if isinstance(part, ToolReturnPart):
                yield self._output(part.tool_call_id, self._returned(part))
            else:
                yield from self._request_part(part)

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
        return [input_part(self.target, item) for item in part.content_items(mode='str')]

    def _response(self, response: ModelResponse) -> Iterator[Item]:
        yield from self._replay.items(response)
        own = response.provider_name == self.target.provider.name
        self._response_id = response.provider_response_id if own else None


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
    return any(CACHE_MARK in part for item in items for part in _parts(item))


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
        if parts and CACHE_MARK in parts[0] and parts[0].get('text') == '':
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
    raise UserError('A CachePoint marks what stands before it, so it can not come first: put it after some content.')


def _set_mark(item: Item, name: str) -> bool:
    """Mark the end of an item; False when it is of a kind that can't be marked, such as the model's own text."""
    body = item.get(name)
    if isinstance(body, str) and body and item.get('role') != 'assistant':
        item[name] = [{'type': 'input_text', 'text': body, CACHE_MARK: {'mode': 'explicit'}}]
        return True
    parts = _parts(item)
    if not parts or parts[-1].get('type') not in _MARKABLE:
        return False
    parts[-1][CACHE_MARK] = {'mode': 'explicit'}
    return True
