"""The body of a Messages request: settings by name, tools, thinking, the form of the answer, and the messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import CompactionPart, ModelMessage, ModelResponse
from jupyter_stream.native_tools import WebFetchTool
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Claude
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.announcement import announced
from jupyter_stream.wire.anthropic.content import cache_settings, ends_marked, limit, mark, mark_messages, ordered
from jupyter_stream.wire.anthropic.history import conversation
from jupyter_stream.wire.anthropic.thinking import effort, said_thinking, settled, thinking_body
from jupyter_stream.wire.anthropic.tools import (
    FILES_BETA,
    NativeTools,
    cites,
    function_tools,
    held_back,
    native_tools,
    runs_code,
    turn_has_run_code,
)
from jupyter_stream.wire.base import Target, WireRequest
from jupyter_stream.wire.prepare import extra_body, prepared, supported

__all__ = ('encode',)

Body = dict[str, Any]
Settings = Mapping[str, Any]

_PLAIN: Final = {
    'stop_sequences': 'stop_sequences',
    'temperature': 'temperature',
    'top_p': 'top_p',
    'top_k': 'top_k',
    'anthropic_metadata': 'metadata',
}
"""Settings that go over as they are, by their name there."""

_SAMPLING: Final = ('temperature', 'top_p', 'top_k')
_UNKNOWN: Final = ('seed', 'presence_penalty', 'frequency_penalty', 'logit_bias')
"""Settings for which the protocol has no word."""

_TIERS: Final = {'auto': 'auto', 'default': 'standard_only'}

_UNKNOWN_MAX_OUTPUT, _STRICT_WINDOW_MAX_OUTPUT, _ROOM_AFTER_THINKING = 16_384, 4_096, 4_096
"""Tokens: what an answer may have where the model's own limit is not known, where it counts against the context
window, and beyond the budget of thinking."""

_COMPACTION: Final = 'compact_20260112'
_COMPACTION_BETAS: Final = {'signature': 'compact-2026-09-04', None: 'compact-2026-01-12'}


def encode(
    target: Target, messages: Sequence[ModelMessage], settings: ModelSettings, parameters: ModelRequestParameters
) -> WireRequest:
    """Write the request for a streamed answer.

    Settings that the model cannot honour are left out with an `UnsupportedSettingWarning`.

    Raises:
        UserError: the messages, settings or parameters hold what this model or the protocol cannot take.
    """
    parameters = held_back(target, resolved(target, settings, parameters))
    target, messages, parameters = announced(target, messages, settings, parameters)
    own = _usable(target, cache_settings(cast(Settings, settings), _cache(settings, parameters)))
    usable = cast(ModelSettings, own)
    native = _native(target, usable, parameters, messages)
    functions, choice = function_tools(target, usable, parameters)
    tools = _without_replaced(functions, native) + native.tools
    system, said = conversation(target, messages, own, parameters)
    _check_citations(own, parameters, choice, said)
    thinking = thinking_body(target, own, parameters)
    reached = said_thinking(own, thinking)
    optional: Body = {
        'system': system,
        'tools': tools,
        'tool_choice': choice,
        'mcp_servers': native.servers,
        'thinking': thinking,
        'cache_control': _mark_cache(own, tools, system, said),
        'output_config': _output_config(target, own, parameters, effort(target, own, parameters, reached)),
        'context_management': _context_management(own, messages),
        'container': _container(target, own, messages, tools),
        'service_tier': own.get('anthropic_service_tier') or _TIERS.get(own.get('service_tier', '')),
        'diagnostics': _diagnostics(target, own, messages),
        'speed': own.get('anthropic_speed'),
    }
    body = {
        'model': target.model_name,
        'max_tokens': _max_tokens(target, own, reached),
        'messages': said,
        'stream': True,
        **{name: own[setting] for setting, name in _PLAIN.items() if own.get(setting) is not None},
        **{name: value for name, value in optional.items() if value},
        **extra_body(own),
    }
    return WireRequest(target.provider.path, body, _header(_betas(own, messages, reached, said) | native.betas))


def resolved(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters as the model takes them.

    Raises:
        UserError: it cannot do what they ask for.
    """
    return prepared(target.profile, settled(target, settings, parameters), settings)


# ---------------------------------------------------------------------- settings


def _cache(settings: ModelSettings, parameters: ModelRequestParameters) -> Any:
    said = settings.get('cache')
    return parameters.cache if said is None else said


def _usable(target: Target, settings: Settings) -> dict[str, Any]:
    """The settings without those that the model would refuse or that would have no effect."""
    known, usable = target.profile.claude, dict(settings)
    if known.no_sampling and isinstance(extra := usable.get('extra_body'), Mapping):
        items = cast(Mapping[str, Any], extra).items()
        usable['extra_body'] = {name: value for name, value in items if name not in _SAMPLING}
    usable = supported(target, usable, _refused(known, usable), granted=('cache', 'citations'))
    if known.max_output and (usable.get('max_tokens') or 0) > known.max_output and not _longer_output(usable):
        usable['max_tokens'] = known.max_output
    return usable


def _refused(known: Claude, settings: Settings) -> Iterator[str]:
    yield from _UNKNOWN
    if known.no_sampling:
        yield from _SAMPLING
    if settings.get('service_tier') not in (None, *_TIERS):
        yield 'service_tier'
    if not known.fast:
        yield 'anthropic_speed'


def _longer_output(settings: Settings) -> bool:
    return any(beta.startswith('output-') for beta in _asked_betas(settings))


def _max_tokens(target: Target, settings: Settings, thinking: Settings) -> int:
    """As many as the model can write: an answer should end where it ends."""
    if (said := settings.get('max_tokens')) is not None:
        return said
    known = target.profile.claude
    most = _STRICT_WINDOW_MAX_OUTPUT if known.strict_window else known.max_output or _UNKNOWN_MAX_OUTPUT
    budget = thinking.get('budget_tokens') if thinking.get('type') == 'enabled' else None
    return max(most, (budget if isinstance(budget, int) else 0) + _ROOM_AFTER_THINKING)


def _output_config(target: Target, settings: Settings, parameters: ModelRequestParameters, word: str | None) -> Body:
    config: Body = {}
    if parameters.output_mode == 'native' and parameters.output_object is not None:
        config['format'] = {'type': 'json_schema', 'schema': parameters.output_object.json_schema}
    if word is not None:
        config['effort'] = word
    if (budget := settings.get('anthropic_task_budget')) is not None:
        if not target.profile.claude.task_budgets:
            raise UserError(f'Model {target.model_name!r} has no task budgets: leave `anthropic_task_budget` out.')
        config['task_budget'] = budget
    return config


# ------------------------------------------------------------------------- betas


def _asked_betas(settings: Settings) -> set[str]:
    """Those that the user names, by the setting or by the header."""
    headers = cast(Mapping[str, str], settings.get('extra_headers') or {})
    named = [value for name, value in headers.items() if name.lower() == 'anthropic-beta' and value]
    listed = {beta.strip() for value in named for beta in value.split(',')}
    return {beta for beta in listed if beta} | set(settings.get('anthropic_betas') or ())


def _betas(settings: Settings, messages: Sequence[ModelMessage], thinking: Settings, said: Sequence[Body]) -> set[str]:
    betas = _asked_betas(settings) | {_COMPACTION_BETAS[proof] for proof in _compactions(messages)}
    if settings.get('anthropic_context_management'):
        betas.add(_COMPACTION_BETAS[None])
    if settings.get('anthropic_task_budget') is not None:
        betas.add('task-budgets-2026-03-13')
    if 'block_binding' in thinking:
        betas.add('thinking-binding-controls-2026-08-01')
    if settings.get('anthropic_speed') == 'fast':
        betas.add('fast-mode-2026-02-01')
    if any('clear_at' in message for message in said):
        betas.add('mid-conversation-system-clear-at-2026-08-21')
    if any(block['type'] == 'tool_addition' for message in said for block in message['content']):
        betas.add('mid-conversation-tool-changes-2026-07-01')
    if any(_is_uploaded(block) for message in said for block in _blocks(message['content'])):
        betas.add(FILES_BETA)
    return betas


def _blocks(content: Sequence[Body]) -> Iterator[Body]:
    for block in content:
        yield block
        if isinstance(block.get('content'), list):
            yield from _blocks(block['content'])


def _is_uploaded(block: Body) -> bool:
    return isinstance(source := block.get('source'), dict) and cast(Body, source).get('type') == 'file'


# ------------------------------------------------------- what went on before this


def _compactions(messages: Sequence[ModelMessage]) -> set[str | None]:
    """The kinds of summaries in the history: signed ones, and others."""
    parts = (part for message in messages if isinstance(message, ModelResponse) for part in message.parts)
    details = [part.provider_details or {} for part in parts if isinstance(part, CompactionPart)]
    return {'signature' if 'signature' in detail else None for detail in details}


def _context_management(settings: Settings, messages: Sequence[ModelMessage]) -> Body | None:
    """A history with a summary must say that summaries are in use."""
    said = settings.get('anthropic_context_management')
    if said is None and _compactions(messages) == {None}:
        said = {'edits': [{'type': _COMPACTION}]}
    budget: Body = settings.get('anthropic_task_budget') or {}
    if 'remaining' in budget and any(edit.get('type') == _COMPACTION for edit in (said or {}).get('edits') or ()):
        raise UserError(
            "`anthropic_task_budget` cannot say what is 'remaining' while the provider shortens the history, since it "
            'then counts for itself: leave one of the two out.'
        )
    return said


def _container(
    target: Target, settings: Settings, messages: Sequence[ModelMessage], tools: list[Body]
) -> Body | str | None:
    """Where code runs: the container that the user names, else the one of the last answer that had one."""
    said = cast('Body | str | None', settings.get('anthropic_container'))
    if said is not None:
        return said['id'] if isinstance(said, dict) and set(said) == {'id'} else said
    if not runs_code(tools) and 'tools' not in extra_body(settings):
        return None
    for message in reversed(messages):
        if isinstance(message, ModelResponse) and message.provider_name == target.provider.name:
            found = (message.provider_details or {}).get('container_id')
            if found or message.state == 'suspended':
                return found
    return None


def _diagnostics(target: Target, settings: Settings, messages: Sequence[ModelMessage]) -> Body | None:
    if not settings.get('anthropic_cache_diagnostics'):
        return None
    own = [one for one in messages if isinstance(one, ModelResponse) and one.provider_name == target.provider.name]
    last = own[-1].provider_response_id if own else None
    return {'previous_message_id': last if last and last.startswith('msg_') else None}


# -------------------------------------------------------------------- the whole


def _native(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters, messages: Sequence[ModelMessage]
) -> NativeTools:
    code_has_run = turn_has_run_code(messages, target.provider.name)
    return native_tools(target, settings, parameters, code_has_run=code_has_run)


def _without_replaced(functions: list[Body], native: NativeTools) -> list[Body]:
    """The native memory tool takes the place of the function of that name, which the caller still runs."""
    has_memory = any(tool['name'] == 'memory' for tool in native.tools)
    return [tool for tool in functions if not (has_memory and tool['name'] == 'memory')]


def _header(betas: set[str]) -> dict[str, str]:
    return {'anthropic-beta': ','.join(sorted(betas))} if betas else {}


def _check_citations(
    settings: Settings, parameters: ModelRequestParameters, choice: Body | None, messages: Sequence[Body]
) -> None:
    if not cites(settings, parameters) or choice is None or choice['type'] not in ('any', 'tool'):
        return
    cited = any(block.get('citations') for message in messages for block in _blocks(message['content']))
    if cited or any(isinstance(tool, WebFetchTool) for tool in parameters.native_tools):
        raise UserError('Citations cannot be had while a tool must be called: leave one of the two out.')


def _mark_cache(settings: Settings, tools: list[Body], system: str | list[Body], messages: list[Body]) -> Body | None:
    """Place the marks of the settings, no more than there may be; what is returned, the provider places itself."""
    if ttl := settings.get('anthropic_cache_messages'):
        mark_messages(messages, ttl)
    ttl = settings.get('anthropic_cache')
    automatic = mark(ttl) if ttl and not ends_marked(messages) else None
    limit(tools, system, messages, automatic=automatic is not None)
    ordered(tools, system, messages, automatic)
    return automatic
