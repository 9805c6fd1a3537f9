"""What a protocol asks of a model beyond the common `Profile`: one dataclass a protocol, whose fields only it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

__all__ = ('GEMINI_LEVELS', 'Claude', 'Converse', 'Gemini', 'Media', 'Responses')

Media = frozenset[Literal['text', 'image', 'document', 'video']]
ConverseThinking = Literal['claude', 'effort', 'high_effort', 'glm', 'glm_effort', 'responses', 'qwen', 'grok']

GEMINI_LEVELS: Final = ('MINIMAL', 'LOW', 'MEDIUM', 'HIGH')
"""Gemini's words for how much to think, least first."""

_FILES_OF_TOOLS: Final = ('image/png', 'image/jpeg', 'image/webp', 'application/pdf', 'text/plain')


@dataclass(frozen=True)
class Claude:
    """A Claude model's peculiarities.

    Attributes:
        max_output: the most tokens that an answer can have; None where that is not known.
        strict_window: a request is refused when its input and `max_tokens` together are beyond the context window.
        adaptive: the model decides itself how much to think.
        no_budget: a fixed budget of thinking is refused.
        thinks_by_default: the model thinks when a request does not say whether to.
        always_thinks: thinking cannot be switched off.
        between_tools: thinking is switched off by the word 'between_tools'.
        effort: a reasoning effort is accepted.
        xhigh_effort: the reasoning effort 'xhigh' is accepted.
        max_effort: the reasoning effort 'max' is accepted.
        tame_without_thinking: the efforts 'xhigh' and 'max' are refused while thinking is off.
        no_sampling: `temperature`, `top_p` and `top_k` are refused.
        forced_tools: the model can be made to call a tool.
        filters: code execution may call its web tools, to filter what they bring.
        code_execution: the version of the code execution tool.
        fast: the model has a fast mode.
        task_budgets: a budget for a whole task is accepted.
        system_entries: system messages are understood in mid-conversation.
        passing_entries: a system message can hold for one request only.
        verified_frames: what the system says among the user's words must be marked as verified.
        advisor: the model can ask a stronger one.
        later_tools: a tool that is held back can be shown in mid-conversation.
    """

    max_output: int | None = None
    strict_window: bool = False
    adaptive: bool = False
    no_budget: bool = False
    thinks_by_default: bool = False
    always_thinks: bool = False
    between_tools: bool = False
    effort: bool = False
    xhigh_effort: bool = False
    max_effort: bool = True
    tame_without_thinking: bool = False
    no_sampling: bool = False
    forced_tools: bool = True
    filters: bool = False
    code_execution: str = '20250825'
    fast: bool = False
    task_budgets: bool = False
    system_entries: bool = False
    passing_entries: bool = False
    verified_frames: bool = False
    advisor: bool = False
    later_tools: bool = False


@dataclass(frozen=True)
class Converse:
    """A model's peculiarities.

    Attributes:
        served: Converse serves the model; False where Bedrock serves it by another API only.
        claude: the model is a Claude, see `Profile.claude`.
        tool_choice: `toolChoice` is understood.
        none_field: a call of a tool is forbidden by a field of the model's own.
        code: the model can run code.
        strict: strict tools and schemas are understood.
        schema: how schemas are rewritten, see `jupyter_stream.wire.schema`; None to leave them.
        results: a tool's result is 'text', or JSON.
        result_status: a tool's result may say whether the tool failed.
        in_results: what may stand inside a tool's result.
        beside_results: what may stand in one message with a tool's result.
        answer_first: a conversation may begin with an answer.
        signatures: signed thinking is taken back.
        signer: the provider name under which its vendor signs thinking that is taken back here too; None where only
            what was signed here is.
        caching: cache points are understood in system prompts and messages.
        tool_caching: cache points are understood among the tools.
        hour_caching: a cache point may keep the prompt for an hour.
        pages_stay: a cache point may follow a PDF or a cited document, and other documents move to the front.
        citations: the model cites documents.
        thinking: how a request asks for thinking.
        own_effort: the model's own default effort, which is higher than ours, is left to it by `thinking=True`.
        top_k: the vendor in whose field `top_k` is sent; None where it is refused.
        no_sampling: `temperature`, `top_p` and `top_k` are refused.
    """

    served: bool = True
    claude: bool = False
    tool_choice: bool = False
    none_field: bool = False
    code: bool = False
    strict: bool = False
    schema: Literal['strict', 'no_contains', 'claude'] | None = None
    results: Literal['text', 'json'] = 'text'
    result_status: bool = True
    in_results: Media = frozenset({'image'})
    beside_results: Media = frozenset({'text', 'image', 'document', 'video'})
    answer_first: bool = False
    signatures: bool = False
    signer: str | None = None
    caching: bool = False
    tool_caching: bool = False
    hour_caching: bool = False
    pages_stay: bool = False
    citations: bool = False
    thinking: ConverseThinking | None = None
    own_effort: bool = False
    top_k: Literal['claude', 'nova'] | None = None
    no_sampling: bool = False


@dataclass(frozen=True)
class Gemini:
    """A model's and an address's peculiarities.

    Attributes:
        resource: what a bare model name is called in the path.
        own_names: the provider names under which this address has issued signatures and kept files.
        upload_scheme: how the URI of an uploaded file begins.
        own_urls: addresses that begin so are taken as they are; None when every address is.
        tier_headers: the service tier travels in headers, not in the body.
        image_formats: the format of a generated image can be chosen.
        echoes_tools: calls of server-side tools come, and go back, as parts of their own.
        combines_tools: function tools, native tools and a response schema may be in one request.
        tool_files: the media types that the result of a function may hold.
        validated: function calls can be held to their schemas.
        levels: the words for how much to think; None where that is a number of tokens.
        zero_budget: a budget of 0 switches thinking off, although other amounts are given in words.
        search_per_prompt: searching is billed once for a prompt, not for each query.
    """

    resource: str = 'models/{}'
    own_names: frozenset[str] = frozenset({'google', 'google-gla'})
    upload_scheme: str = 'https://'
    own_urls: str | None = 'https://generativelanguage.googleapis.com/v1beta/files'
    tier_headers: bool = False
    image_formats: bool = False
    echoes_tools: bool = True
    combines_tools: bool = True
    tool_files: tuple[str, ...] = _FILES_OF_TOOLS
    validated: bool = True
    levels: tuple[str, ...] | None = GEMINI_LEVELS
    zero_budget: bool = False
    search_per_prompt: bool = False


@dataclass(frozen=True)
class Responses:
    """A model's peculiarities at its provider.

    Attributes:
        encrypted_reasoning: reasoning comes encrypted, to be sent back.
        reasoning_context: the model can be shown the reasoning of earlier turns, and is by default.
        reasoning_mode: the model has a mode in which it works longer.
        max_effort: the reasoning effort 'max' is accepted.
        phase: the model marks each text as comment or final answer, and wants the mark back.
        cache_marks: marks for the prompt cache are understood.
        cache_retentions: how long a prompt may be kept in the cache, shortest first; empty where that cannot be said.
        cache_diagnostics: the provider says why a prompt was not found in the cache.
        later_tools: tools can be added in mid-conversation.
        scoped_call_ids: ids of calls are unique in one response only.
        native_tools: the kinds of native tools that the model has.
        path: what follows the base URL, where it is not `Provider.path`; None for that.
    """

    encrypted_reasoning: bool = False
    reasoning_context: bool = False
    reasoning_mode: bool = False
    max_effort: bool = False
    phase: bool = False
    cache_marks: bool = False
    cache_retentions: tuple[str, ...] = ()
    cache_diagnostics: bool = False
    later_tools: bool = False
    scoped_call_ids: bool = False
    native_tools: frozenset[str] = frozenset(
        {'web_search', 'file_search', 'code_execution', 'mcp_server', 'image_generation'}
    )
    path: str | None = None
