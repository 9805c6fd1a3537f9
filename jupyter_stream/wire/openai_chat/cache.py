"""Marks for a provider's cache: of cache points, of settings, and what a whole request may hold of them.

OpenAI marks by `prompt_cache_breakpoint` (https://platform.openai.com/docs/guides/prompt-caching). OpenRouter marks by
`cache_control` for Claude, with a time to live, and for Gemini, without one
(https://openrouter.ai/docs/guides/best-practices/prompt-caching).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import CachePoint
from jupyter_stream.profiles import Profile
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.chat_history import leading

__all__ = ('mark_as_asked', 'mark_part', 'placed_points', 'settle_marks')

Message = dict[str, Any]
Part = dict[str, Any]

_EXPLICIT: Final = 'prompt_cache_breakpoint'
_CONTROL: Final = 'cache_control'
_MOST: Final = 4
"""Marks that Anthropic takes in one request."""

_FIRST: Final = (
    'A CachePoint marks what stands before it, so it cannot come first: put it after some content of a conversation.'
)


def mark_part(profile: Profile, parts: list[Part], point: CachePoint) -> None:
    """Let a cache point mark the part before it; models that know no marks do not see it.

    Where it comes first it marks an empty text, for `placed_points`, which knows what was said before.
    """
    if profile.cache_control is None and not profile.responses.cache_marks:
        return
    parts[:] = parts or [{'type': 'text', 'text': ''}]
    if profile.cache_control is None:
        parts[-1][_EXPLICIT] = {'mode': 'explicit'}
    else:
        parts[-1][_CONTROL] = _control(profile, point.ttl)


def placed_points(messages: Sequence[Message]) -> list[Message]:
    """The messages, in which a mark that opens one of the user's has moved to what was said before it.

    Raises:
        UserError: nothing was, or nothing else is said in the message, for a model that would go on from there.
    """
    return list(_placed(messages))


def mark_as_asked(target: Target, settings: Mapping[str, Any], messages: list[Message], varying: int) -> None:
    """OpenRouter's settings that mark the last instruction and the last message.

    The last `varying` instructions may differ next time: the mark comes before them. Where the instructions are cached
    only as a whole (Gemini), it does not come at all.
    """
    profile = target.profile
    if profile.cache_control is None:
        return
    count = leading(messages, profile.system_role)
    lasting = 0 if varying and profile.cache_control == 'plain' else count - varying
    if lasting > 0 and (ttl := settings.get('openrouter_cache_instructions')):
        _mark(profile, messages[lasting - 1], ttl)
    if messages and (ttl := settings.get('openrouter_cache_messages')):
        _mark(profile, messages[-1], ttl)


def settle_marks(profile: Profile, tools: Sequence[Part], messages: Sequence[Message]) -> None:
    """Take away and change marks, until the request has no more of them, and no others, than its model takes."""
    if profile.cache_control == 'plain':
        _keep_last(messages, profile.system_role)
    elif profile.cache_control == 'ttl':
        _keep_newest(tools, messages, profile.system_role)
        _lengthen([part for part in chain(tools, _parts(messages)) if _CONTROL in part])


# ------------------------------------------------------------------ points that come first


def _placed(messages: Sequence[Message]) -> Iterator[Message]:
    for index, message in enumerate(messages):
        content = cast('list[Part]', message['content']) if isinstance(message.get('content'), list) else []
        if content and content[0].get('text') == '' and not content[0].keys().isdisjoint((_EXPLICIT, _CONTROL)):
            mark = content.pop(0)
            if _EXPLICIT in mark:
                _mark_before(messages[:index])
            else:
                _control_before(messages[:index], mark[_CONTROL], alone=not content)
            if not content:
                continue
        yield message


def _mark_before(messages: Sequence[Message]) -> None:
    said = next((message for message in reversed(messages) if message.get('content')), None)
    if said is None:
        raise UserError(_FIRST)
    _listed(said)[-1][_EXPLICIT] = {'mode': 'explicit'}


def _control_before(messages: Sequence[Message], mark: Part, *, alone: bool) -> None:
    """Only what the user said is marked; without the message the model would go on with its own last words."""
    said = [message for message in messages if message['role'] not in ('system', 'developer')]
    if not said or alone:
        raise UserError(_FIRST)
    users = next((message for message in reversed(said) if message['role'] == 'user' and message.get('content')), None)
    if users is not None and _listed(users)[-1].get(_CONTROL, {}).get('ttl') != '1h':
        _listed(users)[-1][_CONTROL] = mark


# ------------------------------------------------------------------ a whole request


def _keep_last(messages: Sequence[Message], role: str) -> None:
    """Gemini reads the last mark of a conversation only, not on what a tool returned, and at its end costs twice."""
    marked = [
        (message, part)
        for message in messages
        if message['role'] != role
        for part in _parts([message])
        if _CONTROL in part
    ]
    if not marked:
        return
    message, last = marked[-1]
    mark = last[_CONTROL]
    for _, part in marked:
        del part[_CONTROL]
    if message['role'] != 'tool' and not (message is messages[-1] and last is message['content'][-1]):
        last[_CONTROL] = mark
        return
    at = next(index for index, one in enumerate(messages) if one is message)
    before = (one for one in reversed(messages[:at]) if one['role'] in ('user', 'assistant') and one.get('content'))
    if (carrier := next(before, None)) is not None:
        _listed(carrier)[-1][_CONTROL] = mark


def _keep_newest(tools: Sequence[Part], messages: Sequence[Message], role: str) -> None:
    opening = leading(messages, role)
    fixed = sum(_CONTROL in part for part in chain(tools, _parts(messages[:opening])))
    marked = [part for part in _parts(messages[opening:]) if _CONTROL in part]
    for part in marked[: max(0, len(marked) + fixed - _MOST)]:
        del part[_CONTROL]


def _lengthen(marked: Sequence[Part]) -> None:
    """Anthropic refuses an hour's mark behind one of five minutes: what stands before it gets an hour too."""
    longest = '5m'
    for part in reversed(marked):
        if part[_CONTROL].get('ttl') == '1h':
            longest = '1h'
        part[_CONTROL] = {**part[_CONTROL], 'ttl': longest}


# ------------------------------------------------------------------ parts


def _mark(profile: Profile, message: Message, ttl: bool | str) -> None:
    if message.get('content'):
        _listed(message)[-1].setdefault(_CONTROL, _control(profile, ttl if isinstance(ttl, str) else '5m'))


def _control(profile: Profile, ttl: str) -> Part:
    return {'type': 'ephemeral', 'ttl': ttl} if profile.cache_control == 'ttl' else {'type': 'ephemeral'}


def _listed(message: Message) -> list[Part]:
    """The parts of a message, which has them from then on."""
    if isinstance(message['content'], str):
        message['content'] = [{'type': 'text', 'text': message['content']}]
    return message['content']


def _parts(messages: Iterable[Message]) -> Iterator[Part]:
    for message in messages:
        if isinstance(content := message.get('content'), list):
            yield from cast('list[Part]', content)
