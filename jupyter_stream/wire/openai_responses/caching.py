"""The prompt cache: the setting `cache` in this protocol's words.

https://platform.openai.com/docs/guides/prompt-caching
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_responses.history import is_marked

__all__ = ('cache_settings', 'kept_options')

_ORDER: Final = ('5m', '30m', '1h', '12h')
_DEFAULT: Final = '30m'
_STANDS_IN: Final = 'jupyter_stream_cache'
"""A key beside the options that says that they came from `cache`, not from the user."""


def cache_settings(target: Target, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings, with `cache` said as `openai_prompt_cache_options` and `openai_cache_instructions`.

    These win where they are set themselves. Models that know no retention cache what they can, unasked.
    """
    known, wanted = target.profile.responses.cache_retentions, settings.get('cache')
    said = any(settings.get(name) is not None for name in ('openai_prompt_cache_options', 'openai_cache_instructions'))
    if not wanted or not known or said:
        return settings
    config = cast(Mapping[str, Any], wanted) if isinstance(wanted, Mapping) else {'retention': wanted}
    mode = 'implicit' if config.get('messages', True) else 'explicit'
    options = {'mode': mode, 'ttl': _nearest(config.get('retention', True), known)}
    return {
        **settings,
        'openai_prompt_cache_options': options,
        'openai_cache_instructions': True,
        _STANDS_IN: True,
    }


def _nearest(wanted: Any, known: Sequence[str]) -> str:
    """The longest retention that is no longer than the one wanted, else the shortest."""
    if wanted not in _ORDER:
        return _DEFAULT
    shorter = [word for word in known if _ORDER.index(word) <= _ORDER.index(wanted)]
    return shorter[-1] if shorter else known[0]


def kept_options(settings: Mapping[str, Any], items: Sequence[dict[str, Any]], compared: str | None) -> dict[str, Any]:
    """`prompt_cache_options`: those of the settings, and the response to compare the prompt with."""
    options = dict(cast(Mapping[str, Any], settings.get('openai_prompt_cache_options') or {}))
    if settings.get(_STANDS_IN) and not is_marked(items):
        options['mode'] = 'implicit'  # with no mark to go by, nothing at all would be kept
    return options if compared is None else {**options, 'comparison_response_id': compared}
