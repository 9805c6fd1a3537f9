"""The events of a Messages stream to parts: https://platform.claude.com/docs/en/build-with-claude/streaming

An answer is a row of blocks, each with an index, a start, deltas and a stop. It is over when a `message_delta` gave a
stop reason; `message_stop` ends the reading. What must hold at the end is checked in `close`, so that a cut answer is
never taken for a whole one.

Token counts are cumulative: a later report replaces what it names of an earlier one. The tokens of a compaction, and of
the advisor, are reported apart from those of the answer; the former belong to the request, the latter to another model:
https://platform.claude.com/docs/en/api/messages#response-usage
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import EmptyStream, IncompleteStream
from jupyter_stream.framing.sse import Frame
from jupyter_stream.messages import FinishReason, ModelResponseStreamEvent, TextPart
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.usage import RequestUsage
from jupyter_stream.wire import base
from jupyter_stream.wire.anthropic import blocks
from jupyter_stream.wire.anthropic.blocks import Page, citations_of, page_of
from jupyter_stream.wire.anthropic.thinking import settled
from jupyter_stream.wire.anthropic.tools import server_tool_names
from jupyter_stream.wire.decoding import UNNAMED, Blocks, EventDecoder

__all__ = ('Decoder',)

Raw = dict[str, Any]
RawUsage = Mapping[str, Any]

FINISH_REASONS: Final[Mapping[str, FinishReason]] = {
    'end_turn': 'stop',
    'stop_sequence': 'stop',
    'compaction': 'stop',
    'max_tokens': 'length',
    'model_context_window_exceeded': 'length',
    'tool_use': 'tool_call',
    'refusal': 'content_filter',
}

_PAUSE: Final = 'pause_turn'


class Decoder(EventDecoder):
    """Reads one answer. A block that is not for us is passed over with its deltas."""

    def __init__(self, target: base.Target, parameters: ModelRequestParameters, settings: ModelSettings) -> None:
        super().__init__(target, settled(target, settings, parameters), settings)
        self._name = target.provider.name
        self._server_tools = server_tool_names(target, settings, self.parameters)
        self._began = False
        self._counts: dict[str, int] = {}
        self._open = Blocks()
        self._ignored: set[int | None] = set()
        self._mcp_calls: dict[str, str] = {}
        self._open_mcp: set[int] = set()
        self._citations: dict[int | None, list[Raw]] = {}
        self._pages: list[Page] = []
        self._events: Mapping[str, Callable[[Raw], None]] = {
            'content_block_delta': self._delta,
            'content_block_start': self._block,
            'content_block_stop': self._block_end,
            'message_start': self._start,
            'message_delta': self._settle,
            'message_stop': self._stop,
            'error': self._fail,
            'message': self._whole,
        }
        self._names = UNNAMED.union(self._events)
        self._blocks: Mapping[str, Callable[[int, Raw], None]] = {
            'text': self._text,
            'thinking': self._thinking,
            'redacted_thinking': self._redacted,
            'tool_use': self._tool_use,
            'server_tool_use': self._server_tool_use,
            'mcp_tool_use': self._mcp_use,
            'mcp_tool_result': self._mcp_result,
            'compaction': self._compaction,
        }

    # ---------------------------------------------------------------- frames

    def _event(self, event: Raw, frame: Frame) -> None:
        if (read := self._events.get(self._kind(frame, event))) is not None:
            read(event)

    def _kind(self, frame: Frame, event: Raw) -> str:
        """What an event is: by its type, or by the frame's name where it has none; an error by either."""
        if frame.event == 'error' or ('error' in event and 'type' not in event):
            return 'error'
        return event.get('type') or frame.event or ''

    def _fail(self, event: Raw) -> None:
        raise self._error(event)

    # --------------------------------------------------------------- message

    def _start(self, event: Raw) -> None:
        message = event.get('message')
        if not message:
            return
        self._began = True
        self.provider_response_id = message.get('id')
        self.model_name = message.get('model') or self.model_name
        usage: Raw = message.get('usage') or {}
        self._count(usage)
        self._note_container(message)
        self._note('input_transformations', message.get('input_transformations'))
        self._note('cache_diagnostics', message.get('diagnostics'))
        if usage.get('speed') == 'fast':
            self._note('speed', 'fast')

    def _settle(self, event: Raw) -> None:
        delta: Raw = event.get('delta') or {}
        if usage := event.get('usage'):
            self._count(usage)
        if reason := delta.get('stop_reason'):
            self.complete = True
            self.finish_reason = FINISH_REASONS.get(reason)
            self.suspended = reason == _PAUSE
            self._note('finish_reason', reason)
        if refused := delta.get('stop_details'):
            self._note('refusal', refused.get('explanation'))
            self._note('refusal_category', refused.get('category'))
        self._note_container(delta)
        self._note('input_transformations', event.get('input_transformations'))

    def _stop(self, event: Raw) -> None:
        self.terminal = True

    def _whole(self, message: Raw) -> None:
        """A whole answer, where a stream was asked for: what its events would have said."""
        if message.get('type') != 'message':
            return
        self._start({'message': message})
        for index, block in enumerate(cast('list[Raw]', message.get('content') or [])):
            self._block({'index': index, 'content_block': block})
            for citation in block.get('citations') or ():
                self._delta({'index': index, 'delta': {'type': 'citations_delta', 'citation': citation}})
            self._block_end({'index': index})
        self._settle({'delta': message, 'usage': message.get('usage')})
        self.terminal = True

    def _count(self, usage: Raw) -> None:
        self._counts = _details_of(usage, self._counts)
        self.usage = _usage_of(self._counts)

    def _note_container(self, said: Raw) -> None:
        if container := said.get('container'):
            self._note('container_id', container['id'])

    def _note(self, name: str, value: Any) -> None:
        if value is not None and value != []:
            self.provider_details = {**(self.provider_details or {}), name: value}

    # ---------------------------------------------------------------- blocks

    def _block(self, event: Raw) -> None:
        self._began = True
        key, block = self._open.begin(event.get('index')), event['content_block']
        kind = block['type']
        if (read := self._blocks.get(kind)) is not None:
            read(key, block)
        elif kind.endswith('_tool_result'):
            self._result(key, block)
        else:
            self._ignored.add(key)

    def _text(self, key: int, block: Raw) -> None:
        if text := block.get('text'):
            self.parts.text(key, text)

    def _thinking(self, key: int, block: Raw) -> None:
        self.parts.thinking(
            key,
            block.get('thinking') or '',
            signature=block.get('signature') or '',
            provider_name=self._name,
        )

    def _redacted(self, key: int, block: Raw) -> None:
        self.parts.thinking(key, id='redacted_thinking', signature=block['data'], provider_name=self._name)

    def _tool_use(self, key: int, block: Raw) -> None:
        self.parts.tool_call(key, name=block['name'], args=block.get('input') or None, tool_call_id=block['id'])

    def _server_tool_use(self, key: int, block: Raw) -> None:
        if block['name'] in self._server_tools:
            self.parts.part(key, blocks.server_tool_use(block, self._name))
        else:
            self._ignored.add(key)

    def _mcp_use(self, key: int, block: Raw) -> None:
        part = blocks.mcp_use(block, self._name)
        self._mcp_calls[part.tool_call_id] = part.tool_name
        if block.get('input'):
            self.parts.part(key, part)
            return
        # The arguments of the call come in pieces and are one argument of the part: it is left open for them.
        opening = part.args_as_json_str().removesuffix('{}}')
        part.args = None
        self.parts.part(key, part)
        self.parts.tool_call(key, args=opening)
        self._open_mcp.add(key)

    def _mcp_result(self, key: int, block: Raw) -> None:
        name = self._mcp_calls.get(block['tool_use_id'], 'mcp_server')
        self.parts.part(key, blocks.mcp_result(block, name, self._name))

    def _compaction(self, key: int, block: Raw) -> None:
        self.parts.part(key, blocks.compaction(block, self._name))

    def _result(self, key: int, block: Raw) -> None:
        if block['type'] == 'web_fetch_tool_result' and (page := page_of(block.get('content'))):
            self._pages.append(page)
        self.parts.part(key, blocks.result(block, self._name))

    def _block_end(self, event: Raw) -> None:
        key = self._open.end(event.get('index'))
        if self._citations:
            self._cite(key, self._citations.pop(key, []))
        if key in self._open_mcp:
            self._open_mcp.remove(key)
            self.parts.tool_call(key, args='}')
        self._ignored.discard(key)

    def _cite(self, key: int | None, raw: list[Raw]) -> None:
        """Put the citations of a block on its text, now that it is whole."""
        parts = self.parts.parts()  # blocks come one after the other: the one that ends is the last
        part = parts[-1] if raw and parts else None
        if not isinstance(part, TextPart):
            return
        if citations := citations_of(raw, part.content, self._pages):
            self.parts.text(key, '', provider_name=self._name, provider_details={'citations': raw}, citations=citations)

    # ---------------------------------------------------------------- deltas

    def _delta(self, event: Raw) -> None:
        delta, key = event.get('delta'), self._open.key(event.get('index'))
        if not delta or key in self._ignored:
            return
        self._began = True
        kind = delta.get('type')
        if kind == 'text_delta':
            self.parts.text(key, delta['text'])
        elif kind == 'input_json_delta':
            self.parts.tool_call(key, args=delta['partial_json'])
        elif kind == 'thinking_delta':
            self.parts.thinking(key, delta['thinking'], provider_name=self._name)
        elif kind == 'signature_delta':
            self.parts.thinking(key, signature=delta['signature'], provider_name=self._name)
        elif kind == 'citations_delta':
            self._citations.setdefault(key, []).append(delta['citation'])
        elif kind == 'compaction_delta' and delta.get('content'):
            self.parts.part(key, blocks.compaction(delta, self._name))

    # ------------------------------------------------------------------- end

    def close(self) -> list[ModelResponseStreamEvent]:
        """See `base.Decoder.close`."""
        if not self._began:
            raise EmptyStream()
        if not self.complete and not self._may_end_without_reason():
            raise IncompleteStream(self.model_name)
        self.parts.finish()
        return self.parts.take()

    def _may_end_without_reason(self) -> bool:
        return self.terminal and not self.target.provider.sends_finish_reason


# ---------------------------------------------------------------- token counts

_COUNTS: Final = ('input_tokens', 'output_tokens', 'cache_creation_input_tokens', 'cache_read_input_tokens')
_HOUR: Final = 'ephemeral_1h_input_tokens'


def _details_of(raw: RawUsage, before: Mapping[str, int]) -> dict[str, int]:
    """The counts of a report, laid over those of the report before it."""
    details = {**before, **{name: raw[name] for name in _COUNTS if isinstance(raw.get(name), int)}}
    nested = {
        _HOUR: _count(raw.get('cache_creation'), _HOUR),
        'thinking_tokens': _count(raw.get('output_tokens_details'), 'thinking_tokens'),
        'web_search_requests': _count(raw.get('server_tool_use'), 'web_search_requests'),
    }
    details.update({name: count for name, count in nested.items() if count})
    details.update(_iterations(cast('list[RawUsage]', raw.get('iterations') or [])))
    return _with_hour_capped(details)


def _usage_of(details: Mapping[str, int]) -> RequestUsage:
    """The usage that such counts mean."""

    def total(name: str) -> int:
        return details.get(name, 0) + details.get(f'compaction_{name}', 0)

    read, written = total('cache_read_input_tokens'), total('cache_creation_input_tokens')
    usage = RequestUsage(
        input_tokens=total('input_tokens') + read + written,
        output_tokens=total('output_tokens'),
        cache_read_tokens=read,
        cache_write_tokens=written,
        cache_write_1h_tokens=total(_HOUR),
        output_reasoning_tokens=details.get('thinking_tokens', 0),
        details=dict(details),
    )
    if searches := details.get('web_search_requests'):
        setattr(usage, 'web_searches', searches)  # noqa: B010 - a count without a field of its own
    return usage


def _with_hour_capped(details: dict[str, int]) -> dict[str, int]:
    """The hour's share is told once, at the start; when its total shrinks later, so does it."""
    if _HOUR in details:
        details[_HOUR] = min(details[_HOUR], details.get('cache_creation_input_tokens', 0))
        if not details[_HOUR]:
            del details[_HOUR]
    return details


def _iterations(iterations: list[RawUsage]) -> dict[str, int]:
    compactions = [one for one in iterations if one.get('type') == 'compaction']
    advice = [one for one in iterations if one.get('type') == 'advisor_message']
    if not compactions and not advice:
        return {}
    details = {'message_iterations': len(iterations) - len(compactions) - len(advice)}
    if compactions:
        details.update(_sums('compaction', compactions))
        if hour := sum(_count(one.get('cache_creation'), _HOUR) for one in compactions):
            details[f'compaction_{_HOUR}'] = hour
    if advice:
        details.update(_sums('advisor', advice))
    return details


def _sums(kind: str, iterations: list[RawUsage]) -> dict[str, int]:
    sums = {f'{kind}_{name}': sum(_counted(one.get(name) for one in iterations)) for name in _COUNTS}
    return {f'{kind}_iterations': len(iterations), **{name: total for name, total in sums.items() if total}}


def _counted(values: Iterable[Any]) -> list[int]:
    return [value for value in values if isinstance(value, int)]


def _count(raw: Any, name: str) -> int:
    value = cast(RawUsage, raw).get(name) if isinstance(raw, dict) else None
    return value if isinstance(value, int) else 0
