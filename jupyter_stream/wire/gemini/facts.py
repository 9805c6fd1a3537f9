"""What only this protocol needs to know of its models and of its two addresses, as data.

Sources: https://ai.google.dev/gemini-api/docs/thinking, /function-calling, /tool-combination, /google-search, and
https://cloud.google.com/vertex-ai/generative-ai/docs/thinking.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from jupyter_stream.wire.base import Target

__all__ = ('LEVELS', 'Facts', 'facts')

LEVELS: Final = ('MINIMAL', 'LOW', 'MEDIUM', 'HIGH')
"""The words for how much to think, least first."""

_FILES_OF_TOOLS: Final = ('image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain')


@dataclass(frozen=True)
class Facts:
    """A model's and an address's peculiarities.

    Attributes:
        resource: what a bare model name is called in the path.
        own_names: the provider names under which this address has issued signatures and kept files.
        upload_scheme: how the URI of an uploaded file begins.
        own_urls: addresses that begin so are taken as they are; None when every address is.
        video_urls: the same for videos beyond YouTube's.
        tier_headers: the service tier travels in headers, not in the body.
        image_formats: the format of a generated image can be chosen.
        echoes_tools: calls of server-side tools come, and go back, as parts of their own.
        combines_tools: function tools, native tools and a response schema may be in one request.
        tool_files: the media types that the result of a function may hold.
        validated: function calls can be held to their schemas.
        levels: the words it takes for how much to think; None where it takes a number of tokens.
        zero_budget: a budget of 0 switches thinking off although it takes words.
        search_per_prompt: searching is billed once for a prompt, not for each query.
    """

    resource: str = 'models/{}'
    own_names: frozenset[str] = frozenset({'google', 'google-gla'})
    upload_scheme: str = 'https://'
    own_urls: str | None = 'https://generativelanguage.googleapis.com/v1beta/files'
    video_urls: str | None = None
    tier_headers: bool = False
    image_formats: bool = False
    echoes_tools: bool = True
    combines_tools: bool = True
    tool_files: tuple[str, ...] = _FILES_OF_TOOLS
    validated: bool = True
    levels: tuple[str, ...] | None = LEVELS
    zero_budget: bool = False
    search_per_prompt: bool = False


Change = Mapping[str, Any]
Rules = tuple[tuple[str, Change], ...]
"""Patterns on a model's whole name, in lower case, and what they change; all that match apply, in order."""

_OLDER: Final[Change] = {'combines_tools': False, 'echoes_tools': False, 'tool_files': ()}
_BUDGET: Final[Change] = {**_OLDER, 'levels': None, 'search_per_prompt': True}
_NOT_MINIMAL: Final[Change] = {'levels': ('LOW', 'MEDIUM', 'HIGH')}
_ENDS: Final[Change] = {'levels': ('MINIMAL', 'HIGH')}

_MODELS: Final[Rules] = (
    (r'.*gemini-[12]\.|gemini-pro$', _BUDGET),
    ('.*gemma', {**_OLDER, 'levels': None}),
    (r'.*(gemini-1\.|gemini-2\.(?!5)|gemma|image)|gemini-pro$', {'validated': False}),
    (r'gemini-3\.[78]-flash|gemini-3\.1-pro-preview|gemini-4-(argon|carbon)', _NOT_MINIMAL),
    ('gemini-3-pro-preview', {'levels': ('LOW', 'HIGH')}),
    (r'gemini-3\.1-flash-lite-image', _ENDS),
)

_PLACES: Final[Mapping[str | None, tuple[Change, Rules]]] = {
    'google': ({}, ((r'gemini-3\.1-flash-image', _ENDS),)),
    'google-cloud': (
        {
            'resource': 'publishers/google/models/{}',
            'own_names': frozenset({'google-cloud', 'google-vertex'}),
            'upload_scheme': 'gs://',
            'own_urls': None,
            'tier_headers': True,
            'image_formats': True,
        },
        (('', {'echoes_tools': False}), (r'gemini-3\.1-pro-preview', {'zero_budget': True})),
    ),
}
"""By the provider's `canonical_system`: what holds for all its models, and what for some."""

_NOWHERE: Final[tuple[Change, Rules]] = ({}, ())


def facts(target: Target) -> Facts:
    """The facts about a target."""
    return _facts(target.provider.canonical_system, target.model_name.lower())


@lru_cache(maxsize=256)
def _facts(system: str | None, name: str) -> Facts:
    changes, rules = _PLACES.get(system, _NOWHERE)
    found: dict[str, Any] = dict(changes)
    for pattern, change in (*_MODELS, *rules):
        if re.match(pattern, name):
            found.update(change)
    return replace(Facts(), **found)
