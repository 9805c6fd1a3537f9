"""What is special about a model, as data: the parameters it takes, how it shows its thinking, the schemas it accepts.

`profile(provider, model_name)` lays four layers over each other, the later one winning: the protocol's defaults, the
model's family (by a pattern on its name), what its provider changes for all models, what its provider changes for some.
The wire modules read the fields; none of them asks for a name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

from jupyter_stream.profiles._protocols import Claude, Converse, Gemini, Responses
from jupyter_stream.profiles._rows import Change, Dialect, Vendor
from jupyter_stream.profiles.bedrock import split
from jupyter_stream.profiles.claude import CLAUDE
from jupyter_stream.profiles.dialects import DIALECTS
from jupyter_stream.profiles.gemini import GEMINI
from jupyter_stream.profiles.open_models import OPEN_MODELS
from jupyter_stream.profiles.openai import OPENAI, OPENAI_CHANGES
from jupyter_stream.settings import FramingAnnouncement

__all__ = ('DEFAULT_THINKING_TAGS', 'SAMPLING_SETTINGS', 'Profile', 'profile')


VENDORS: Final = (OPEN_MODELS, CLAUDE, GEMINI)
"""Those whose models have the same names everywhere."""

_PARTS: Final = {'claude': Claude, 'converse': Converse, 'gemini': Gemini, 'responses': Responses}

DEFAULT_THINKING_TAGS: Final = ('<think>', '</think>')

SAMPLING_SETTINGS: Final = (
    'temperature',
    'top_p',
    'presence_penalty',
    'frequency_penalty',
    'logit_bias',
    'openai_logprobs',
    'openai_top_logprobs',
)
"""What OpenAI's models refuse while they reason (https://platform.openai.com/docs/guides/reasoning)."""

SchemaStyle = Literal['openai', 'openai_own', 'inline', 'gpt_oss', 'gemini', 'plain', 'anthropic']
ThinkingStyle = Literal['effort', 'openrouter', 'zai', 'cerebras', 'snowflake', 'unsaid']


@dataclass(frozen=True)
class Profile:
    """A model's peculiarities.

    Attributes:
        thinking_tags: the pair of tags that enclose thinking inside text; None where text is only text.
        ignore_streamed_leading_whitespace: white space before the first word is noise.
        schema: how JSON schemas are rewritten, see `jupyter_stream.wire.schema`.
        strict_schemas: `strict` is understood.
        json_schema_output: the answer can be held to a schema.
        json_object_output: the answer can be held to be a JSON object.
        tools: the model can call tools.
        image_output: the model can answer with an image.
        system_role: the role of system prompts and instructions.
        inline_system: a system message is understood in mid-conversation.
        system_before_answers: there it must stand right before an answer, or last.
        framing_announcement: when the model is told what the application's words among the user's are.
        one_system_message: only one leading system message is accepted.
        max_tokens_key: the name that the setting `max_tokens` has in the body.
        forced_tools: the model can be made to call a tool.
        forced_tools_while_thinking: the model can be made to call a tool while it thinks.
        thinks: the model has a thinking mode.
        always_thinks: thinking cannot be switched off.
        thinks_by_default: the model thinks when a request does not say whether to.
        thinking: how a request asks for thinking; 'unsaid' where its name in Chat Completions is not known.
        efforts: the words for reasoning effort that are accepted; None where they are not known.
        max_effort: the reasoning effort 'max' is accepted.
        minimal_effort: the reasoning effort 'minimal' is accepted.
        none_effort: the reasoning effort 'none' is accepted.
        no_thinking_body: the fields of the body that switch thinking off, instead of an effort.
        no_sampling_while_thinking: `SAMPLING_SETTINGS` are refused while the model thinks.
        thinking_field: the field of a message in which thinking is received and sent back.
        thinking_back: how earlier thinking is sent back: in `thinking_field`, in tags, as it came ('auto'), or only
            as `reasoning_details` where it is the provider's own ('details').
        thinking_field_with_tools: tool calls are sent back with `thinking_field` while the model thinks.
        keeps_thinking: the body says that earlier thinking is kept in the conversation.
        reasoning_details: thinking comes as `reasoning_details` (OpenRouter's format).
        images: images are accepted.
        images_only: of all files, only images are accepted.
        documents: file parts are accepted.
        file_urls: a file part may hold an address.
        videos: video parts are accepted.
        audio_as_uri: audio is sent as a data URI.
        cache_control: `cache_control` marks are understood: with a time to live ('ttl'), without ('plain'); None where
            they are not.
        web_search: how the provider's own web search is asked for; 'always' where the model searches unasked.
        eager_arguments: `eager_input_streaming` is understood: the arguments of a call come as they are written.
        server_tools: OpenRouter's tools are there: its web search and its advisor.
        short_call_ids: ids of tool calls must be nine letters and digits.
        dropped_settings: settings that must not be sent.
        claude: what Anthropic's protocol and Bedrock's ask of a Claude model.
        converse: what Bedrock's protocol asks of the model.
        gemini: what Google's protocol asks of the model.
        responses: what the Responses API asks of the model.
    """

    thinking_tags: tuple[str, str] | None = DEFAULT_THINKING_TAGS
    ignore_streamed_leading_whitespace: bool = False
    schema: SchemaStyle = 'openai'
    strict_schemas: bool = True
    json_schema_output: bool = False
    json_object_output: bool = False
    tools: bool = True
    image_output: bool = False
    system_role: Literal['system', 'developer', 'user'] = 'system'
    inline_system: bool = False
    system_before_answers: bool = False
    framing_announcement: FramingAnnouncement = 'when_needed'
    one_system_message: bool = False
    max_tokens_key: Literal['max_completion_tokens', 'max_tokens'] = 'max_completion_tokens'
    forced_tools: bool = True
    forced_tools_while_thinking: bool = True
    thinks: bool = False
    always_thinks: bool = False
    thinks_by_default: bool = False
    thinking: ThinkingStyle = 'effort'
    efforts: tuple[str, ...] | None = None
    max_effort: bool = False
    minimal_effort: bool = True
    none_effort: bool = False
    no_thinking_body: Mapping[str, Any] | None = None
    no_sampling_while_thinking: bool = False
    thinking_field: str | None = None
    thinking_back: Literal['auto', 'tags', 'field', 'details'] = 'auto'
    thinking_field_with_tools: bool = False
    keeps_thinking: bool = False
    reasoning_details: bool = False
    images: bool = True
    images_only: bool = False
    documents: bool = True
    file_urls: bool = False
    videos: bool = False
    audio_as_uri: bool = False
    cache_control: Literal['ttl', 'plain'] | None = None
    web_search: Literal['options', 'openrouter', 'always'] | None = None
    server_tools: bool = False
    eager_arguments: bool = False
    short_call_ids: bool = False
    dropped_settings: tuple[str, ...] = ()
    claude: Claude = field(default_factory=Claude)
    converse: Converse = field(default_factory=Converse)
    gemini: Gemini = field(default_factory=Gemini)
    responses: Responses = field(default_factory=Responses)


class Named(Protocol):
    """What has a provider's name: a row of `jupyter_stream.providers`."""

    @property
    def name(self) -> str:
        """The `provider_name` of its responses."""
        ...


def profile(provider: Named, model_name: str) -> Profile:
    """The peculiarities of a provider's model. A name that matches nothing gets the protocol's defaults."""
    return _profile(provider.name, model_name)


@lru_cache(maxsize=256)
def _profile(provider_name: str, model_name: str) -> Profile:
    dialect = DIALECTS.get(provider_name, Dialect())
    name = model_name.lower()
    bare = name.rpartition('/')[2]
    if provider_name == 'bedrock':
        name = '.'.join(split(name))
        bare = name.removeprefix('anthropic.')
    changes: dict[str, Any] = {}
    if re.match(dialect.openai, name):
        bare_openai = re.sub(r'^([a-z-]+\.)?openai[.-]', '', bare)
        _merge(changes, OPENAI_CHANGES, *_known((OPENAI,), provider_name, bare_openai))
    _merge(changes, *_known(VENDORS, provider_name, bare), dialect.changes)
    _merge(changes, *(change for pattern, change in dialect.rules if re.match(pattern, name)))
    parts = {part: kind(**changes.pop(part, {})) for part, kind in _PARTS.items()}
    return replace(Profile(), **changes, **parts)


def _known(vendors: tuple[Vendor, ...], provider_name: str, name: str) -> Iterator[Change]:
    for row in (row for vendor in vendors for row in vendor.rows(name)):
        yield row.change
        yield row.at.get(provider_name, {})


def _merge(changes: dict[str, Any], *further: Change) -> None:
    for change in further:
        for key, value in change.items():
            changes[key] = {**changes.get(key, {}), **value} if key in _PARTS else value
