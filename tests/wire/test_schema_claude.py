"""Schemas in Anthropic's strict subset, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.wire.schema import rewrite
from jupyter_stream.wire.schema._claude import strict_claude


@pytest.mark.parametrize(
    ('schema', 'strict'),
    [
        ({'type': 'integer', 'minimum': 1}, {'type': 'integer', 'description': '{minimum: 1}'}),
        (
            {'type': 'string', 'description': 'A name.', 'minLength': 2, 'format': 'odd'},
            {'type': 'string', 'description': 'A name.\n\n{minLength: 2, format: odd}'},
        ),
        ({'type': 'string', 'format': 'date'}, {'type': 'string', 'format': 'date'}),
        ({'type': 'string', 'enum': ['a', 'b']}, {'enum': ['a', 'b']}),
        ({'const': None}, {'const': None}),
        ({'const': 'a', 'type': 'string'}, {'enum': ['a']}),
        ({'oneOf': [{'type': 'null'}]}, {'anyOf': [{'type': 'null'}]}),
        ({'$ref': '#/$defs/A', 'description': 'gone'}, {'$ref': '#/$defs/A'}),
        (
            {'type': 'array', 'items': {'type': 'null'}, 'minItems': 1},
            {'type': 'array', 'items': {'type': 'null'}, 'minItems': 1},
        ),
        ({'type': 'array', 'minItems': 3}, {'type': 'array', 'description': '{minItems: 3}'}),
        (
            {'type': 'object', 'properties': {'a': {'type': 'null'}}, 'required': ['a'], 'additionalProperties': True},
            {'type': 'object', 'properties': {'a': {'type': 'null'}}, 'additionalProperties': False, 'required': ['a']},
        ),
        (
            {'$defs': {'A': {'type': 'null'}}, '$ref': '#/$defs/A'},
            {'$defs': {'A': {'type': 'null'}}, '$ref': '#/$defs/A'},
        ),
    ],
)
def test_rules(schema: dict[str, Any], strict: dict[str, Any]) -> None:
    before = repr(schema)
    assert strict_claude(schema) == strict
    assert repr(schema) == before


def test_every_value_has_a_type() -> None:
    with pytest.raises(UserError, match='type of every value'):
        strict_claude({'description': 'anything'})


def test_only_what_is_asked_to_be_strict_is() -> None:
    schema = {'title': 'T', 'type': 'object', 'properties': {'a': {'title': 'A', 'type': 'string', 'minLength': 1}}}
    loose = {'type': 'object', 'properties': {'a': {'type': 'string', 'minLength': 1}}}
    assert rewrite(schema, 'anthropic') == (loose, False)
    held, strict = rewrite(schema, 'anthropic', True)
    assert strict and held['additionalProperties'] is False
