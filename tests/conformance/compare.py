"""What of an answer is compared with the peer's, as plain JSON values.

Both sides are reduced in the same way: fields that depend on the run or on the peer alone are left out, generated ids
are numbered in the order in which they appear, and the time of the run is called `<now>`.
"""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

EVENT = ('event_kind', 'index', 'part', 'delta', 'previous_part_kind', 'next_part_kind', 'tool_name', 'tool_call_id')
PART = (
    'part_kind', 'content', 'args', 'tool_name', 'tool_call_id', 'id', 'signature', 'media_type', 'provider_name',
    'provider_details', 'citations',
)  # fmt: skip
DELTA = (
    'part_delta_kind', 'content_delta', 'signature_delta', 'args_delta', 'tool_name_delta', 'tool_call_id',
    'provider_name', 'provider_details', 'citations_delta',
)  # fmt: skip
RESPONSE = (
    'model_name', 'finish_reason', 'state', 'provider_response_id', 'provider_name', 'provider_url', 'timestamp',
    'provider_details', 'usage', 'parts',
)  # fmt: skip
USAGE = (
    'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'input_audio_tokens',
    'output_audio_tokens', 'details',
)  # fmt: skip

NOW = '<now>'
GENERATED_ID = re.compile(r'pyd_ai_[0-9a-fA-F-]{8,}|<gen-id-\d+>')


def plain(value: Any) -> Any:
    """The value as JSON has it: dataclasses as objects, bytes as base64, the time of the run as `<now>`."""
    match value:
        case None | bool() | int() | float() | str():
            return value
        case datetime():
            at = value if value.tzinfo else value.replace(tzinfo=UTC)
            return NOW if abs(datetime.now(UTC) - at) < timedelta(minutes=1) else at.isoformat()
        case bytes():
            return {'$bytes': base64.b64encode(value).decode()}
        case dict():
            return {str(name): plain(item) for name, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value)]
        return {name.lstrip('_'): plain(getattr(value, name)) for name in names}
    return '<callable>' if callable(value) else repr(value)


def compared(events: Iterable[dict[str, Any]], response: dict[str, Any] | None) -> dict[str, Any]:
    """The part of the events and of the final response that must be the peer's."""
    return numbered({'events': [_event(event) for event in events], 'final': response and _response(response)})


def with_arguments_as_values(value: Any) -> Any:
    """A request's body in which `arguments`, JSON as text, is what that text means."""
    if isinstance(value, dict):
        return {
            name: _parsed(item) if name == 'arguments' else with_arguments_as_values(item)
            for name, item in value.items()
        }
    return [with_arguments_as_values(item) for item in value] if isinstance(value, list) else value


def numbered(value: Any) -> Any:
    """The value with its generated ids replaced by their numbers."""
    seen: dict[str, str] = {}
    text = GENERATED_ID.sub(lambda found: seen.setdefault(found[0], f'<gen-id-{len(seen) + 1}>'), json.dumps(value))
    return json.loads(text)


def _pick(value: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """These fields, without the empty ones."""
    return {name: value[name] for name in names if value.get(name) not in (None, [], {})}


def _event(event: dict[str, Any]) -> dict[str, Any]:
    picked = _pick(event, EVENT)
    if 'part' in picked:
        picked['part'] = _part(picked['part'])
    if 'delta' in picked:
        picked['delta'] = _pick(picked['delta'], DELTA)
    return picked


def _part(part: dict[str, Any]) -> dict[str, Any]:
    picked = _pick(part, PART)
    if 'args' in picked:  # One spelling of the same values; what is no JSON is a string here.
        picked['args'] = json.dumps(_parsed(picked['args']), ensure_ascii=False, sort_keys=True)
    content = picked.get('content')
    if isinstance(content, dict) and 'media_type' in content and 'data' in content:
        picked['content'] = _pick(content, ('data', 'media_type'))
    return picked


def _response(response: dict[str, Any]) -> dict[str, Any]:
    picked = _pick(response, RESPONSE)
    if 'timestamp' in picked:
        picked['timestamp'] = _instant(picked['timestamp'])
    if 'provider_url' in picked:
        picked['provider_url'] = picked['provider_url'].rstrip('/')
    usage = _pick(response.get('usage') or {}, USAGE)
    picked['usage'] = {name: count for name, count in usage.items() if count}
    picked['parts'] = [_part(part) for part in response['parts']]
    return picked


def _parsed(value: Any) -> Any:
    """A tool's arguments as a value; text that is no JSON stays text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _instant(text: str) -> str:
    """One spelling of a point in time."""
    return text if text == NOW else datetime.fromisoformat(text).astimezone(UTC).isoformat()
