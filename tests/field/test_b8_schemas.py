"""B8: a schema that is empty, a tuple, cyclic or very deep becomes a valid one, or a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.wire.schema import rewrite, walked

STYLES = ['openai', 'openai_own', 'inline', 'gpt_oss', 'gemini', 'plain', 'anthropic']


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {'type': 'string'}
    for _ in range(levels):
        schema = {'type': 'object', 'properties': {'x': schema}}
    return schema


@pytest.mark.parametrize('style', STYLES)
def test_b8_an_empty_schema_becomes_an_object(style: str) -> None:
    schema, strict = rewrite({}, style)
    assert schema['type'] == 'object'
    assert not strict or style in ('inline', 'gemini', 'plain')


@pytest.mark.parametrize('strict', [True, False, None])
@pytest.mark.parametrize('style', STYLES)
def test_b8_a_cyclic_and_a_deep_schema_are_refused_in_a_sentence(style: str, strict: bool | None) -> None:
    cyclic: dict[str, Any] = {'type': 'object', 'properties': {}}
    cyclic['properties']['self'] = cyclic
    for schema in (cyclic, deep(3_000)):
        with pytest.raises(UserError, match='refer to what comes again'):
            rewrite(schema, style, strict)
        with pytest.raises(UserError, match='refer to what comes again'):
            walked(schema, lambda _: None)


def test_b8_a_tuple_in_a_strict_tool_is_refused_with_the_right_hint() -> None:
    pair = {'type': 'array', 'prefixItems': [{'type': 'integer'}, {'type': 'string'}], 'minItems': 2, 'maxItems': 2}
    with pytest.raises(UserError, match='cannot hold a tuple'):
        rewrite({'type': 'object', 'properties': {'pair': pair}}, 'openai_own', True)


NESTED = [
    {'properties': {'a': {}}},
    {'properties': {'a': {'description': 'x'}}},
    {'properties': {'a': True}},
    {'properties': {'a': {'anyOf': [{}, {'type': 'null'}]}}},
    {'properties': {'a': {'type': 'array', 'items': {}}}},
    {'properties': {'a': {'$ref': '#/$defs/d'}}, '$defs': {'d': {}}},
]


@pytest.mark.parametrize('nested', NESTED)
@pytest.mark.parametrize('style', ['openai', 'openai_own', 'gpt_oss', 'anthropic'])
def test_b8_a_nested_schema_that_says_nothing_is_not_strict(style: str, nested: dict[str, Any]) -> None:
    schema = {'type': 'object', 'required': ['a'], 'additionalProperties': False, **nested}
    assert not rewrite(schema, style).strict
    with pytest.raises(UserError, match='must say the type'):
        rewrite(schema, style, True)
