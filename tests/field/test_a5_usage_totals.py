"""A5: counts of tokens are totals, however often they come: a later one replaces an earlier one."""

from __future__ import annotations

from typing import Any

import pytest

from .answers import MESSAGE_DELTA, MESSAGE_START, candidate, chunk, received, shown, text_block


def counted(count: int) -> dict[str, int]:
    return {'prompt_tokens': 10, 'completion_tokens': count, 'total_tokens': 10 + count}


CHUNKS = [chunk({'content': 'a'}, 'stop' if count == 5 else None, usage=counted(count)) for count in range(1, 6)]


PROTOCOLS = ['openai-chat:m', 'mistral:m', 'huggingface:m', 'xai:grok-4']


@pytest.mark.parametrize('last', [[], [{'choices': [], 'usage': counted(6)}]])
@pytest.mark.parametrize('name', PROTOCOLS)
def test_a5_running_totals_replace(name: str, last: list[dict[str, Any]]) -> None:
    usage = received(name, [*CHUNKS, *last]).usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 6 if last else 5)


@pytest.mark.parametrize(
    ('counts', 'total'),
    [
        ([5, 5], 5),
        ([5, 5, 5, 5], 5),
        ([0, 0, 0, 5], 5),
        ([1, 2, 2, 3, 3], 3),
        ([1, 1, 4], 4),
        ([7, 5], 5),
    ],
)
@pytest.mark.parametrize('name', PROTOCOLS)
def test_a5_a_total_that_is_said_again_is_not_added(name: str, counts: list[int], total: int) -> None:
    chunks = [chunk({'content': 'a'}, usage=counted(count)) for count in counts]
    usage = received(name, [*chunks, chunk(finish='stop')]).usage
    assert (usage.input_tokens, usage.output_tokens) == (10, total)


def test_a5_the_report_without_choices_is_the_total() -> None:
    one = [chunk({'content': 'a'}, 'stop', usage=counted(1)), {'choices': [], 'usage': counted(1)}]
    assert received('openai-chat:m', one).usage.output_tokens == 1


def test_a5_what_a_later_report_does_not_name_stays() -> None:
    first = {**counted(1), 'prompt_tokens_details': {'cached_tokens': 4}, 'num_sources_used': 2}
    chunks = [chunk({'content': 'a'}, 'stop', usage=first), {'choices': [], 'usage': {'completion_tokens': 3}}]
    usage = received('openai-chat:m', chunks).usage
    assert (usage.input_tokens, usage.cache_read_tokens, usage.output_tokens) == (10, 4, 3)
    assert usage.details == {'num_sources_used': 2}


def test_a5_groq_says_it_in_a_field_of_its_own() -> None:
    usage = received('groq:m', [{**each, 'usage': None, 'x_groq': {'usage': each['usage']}} for each in CHUNKS]).usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 5)


def test_a5_zeros_take_nothing_away() -> None:
    nothing = {'prompt_tokens': 0, 'completion_tokens': 0, 'total_tokens': 0}
    assert received('openai-chat:m', [*CHUNKS, {'choices': [], 'usage': nothing}]).usage.input_tokens == 10


def test_a5_the_reader_of_an_sdk_counts_the_same() -> None:
    usage = shown(CHUNKS).usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 5)


def test_a5_the_other_protocols_replace_too() -> None:
    gemini = [
        {**candidate('a', 'STOP'), 'usageMetadata': {'promptTokenCount': 10, 'candidatesTokenCount': count}}
        for count in (1, 5)
    ]
    assert received('google:m', gemini).usage.output_tokens == 5
    settled = [{**MESSAGE_DELTA, 'usage': {'input_tokens': 10, 'output_tokens': count}} for count in (1, 5)]
    usage = received('anthropic:m', [MESSAGE_START, *text_block(0, 'a'), *settled]).usage
    assert (usage.input_tokens, usage.output_tokens) == (10, 5)
