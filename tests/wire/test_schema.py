"""JSON schemas as providers want them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from jupyter_stream.exceptions import UserError
from jupyter_stream.wire.schema import rewrite


def obj(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    found: dict[str, Any] = {'type': 'object', 'properties': properties}
    return found if required is None else {**found, 'required': required}


TEXT = {'type': 'string'}
COLOUR = {'$defs': {'C': obj(['n'], n=TEXT)}, **obj(['c'], c={'$ref': '#/$defs/C'})}
TREE = {'$defs': {'T': obj(kids={'type': 'array', 'items': {'$ref': '#/$defs/T'}})}, '$ref': '#/$defs/T'}


def test_the_original_is_left_alone() -> None:
    schema = {'title': 'X', **obj(['a'], a={'title': 'A', **TEXT})}
    before = str(schema)
    rewrite(schema, 'openai', True)
    assert str(schema) == before


def test_what_happens_to_be_strict_is_called_so() -> None:
    schema, strict = rewrite({'title': 'X', **obj(['a'], a={'title': 'A', **TEXT})}, 'openai')
    assert strict
    assert schema == {**obj(['a'], a=TEXT), 'additionalProperties': False}


@pytest.mark.parametrize(
    'property',
    [
        {'type': 'string', 'default': 'x'},
        {'type': 'array'},
        {'type': 'array', 'items': {}},
        {'type': 'array', 'items': TEXT, 'uniqueItems': True},
        {'type': 'string', 'format': 'uri'},
        {'type': 'string', 'pattern': '(?=a)b'},
        {'oneOf': [TEXT, {'type': 'null'}]},
        {'type': 'object', 'properties': {}, 'additionalProperties': TEXT, 'required': []},
        {'type': 'object', 'properties': {'b': TEXT}},
    ],
)
def test_what_is_not_strict_is_not_called_so_and_kept(property: dict[str, Any]) -> None:
    schema, strict = rewrite(obj(['a'], a=property), 'openai')
    assert not strict
    assert (
        schema['properties']['a'].items()
        >= {key: value for key, value in property.items() if key != 'properties'}.items()
    )


def test_bent_until_it_is_strict() -> None:
    number = {'type': 'array', 'items': TEXT, 'uniqueItems': True, 'description': 'names', 'default': []}
    schema, strict = rewrite(obj([], a=number, b={'oneOf': [TEXT, {'type': 'null'}]}), 'openai', True)
    assert strict
    assert schema['required'] == ['a', 'b'] and schema['additionalProperties'] is False
    assert schema['properties']['a'] == {'type': 'array', 'items': TEXT, 'description': 'names (uniqueItems=True)'}
    assert 'anyOf' in schema['properties']['b']
    with pytest.raises(UserError, match='type of the items'):
        rewrite(obj(a={'type': 'array'}), 'openai', True)


def test_lengths_are_openai_s_own_privilege() -> None:
    schema = obj(['a'], a={'type': 'string', 'minLength': 1})
    assert not rewrite(schema, 'openai').strict
    assert rewrite(schema, 'openai_own').strict


def test_what_is_too_deep_or_too_wide_is_not_strict() -> None:
    deep: dict[str, Any] = TEXT
    for _ in range(11):
        deep = obj(['a'], a=deep)
    assert rewrite(deep, 'openai').strict and not rewrite(deep, 'openai_own').strict
    names = [f'p{number}' for number in range(5_001)]
    assert not rewrite(obj(names, **dict.fromkeys(names, TEXT)), 'openai_own').strict


def test_nothing_stands_beside_a_reference() -> None:
    schema = {'$defs': {'C': obj(['n'], n=TEXT)}, **obj(['c'], c={'$ref': '#/$defs/C', 'description': 'd'})}
    found = rewrite(schema, 'openai').schema
    assert found['properties']['c'] == {'description': 'd', 'anyOf': [{'$ref': '#/$defs/C'}]}


def test_a_recursive_schema_refers_to_its_root() -> None:
    found = rewrite(TREE, 'openai').schema
    assert found['type'] == 'object' and '$ref' not in found
    assert found['properties']['kids']['items'] == {'$ref': '#'}


def test_definitions_are_put_where_they_are_referred_to() -> None:
    assert rewrite(COLOUR, 'inline') == (obj(['c'], c=obj(['n'], n=TEXT)), True)
    assert '$defs' not in rewrite(COLOUR, 'gpt_oss').schema
    assert rewrite(TREE, 'inline').schema['$ref'] == '#/$defs/T'
    beside = {**COLOUR, 'properties': {'c': {'$ref': '#/$defs/C', 'description': 'd'}}}
    assert rewrite(beside, 'inline').schema['properties']['c']['description'] == 'd'


def test_a_bomb_of_references_is_refused() -> None:
    layers = {f'L{n}': obj(a={'$ref': f'#/$defs/L{n + 1}'}, b={'$ref': f'#/$defs/L{n + 1}'}) for n in range(30)}
    with pytest.raises(UserError, match='too large'):
        rewrite({'$defs': {**layers, 'L30': TEXT}, **obj(a={'$ref': '#/$defs/L0'})}, 'inline')


def test_gemini_s_subset() -> None:
    properties = {
        'c': {'const': 1},
        'n': {'anyOf': [TEXT, {'type': 'null'}], 'title': 'N'},
        'three': {'anyOf': [TEXT, {'type': 'integer'}, {'type': 'null'}]},
        'd': {'type': 'string', 'format': 'date'},
    }
    found = rewrite(obj(**properties), 'gemini').schema['properties']
    assert found['c'] == {'enum': ['1'], 'type': 'string'}
    assert found['n'] == {'type': 'string', 'nullable': True}
    assert found['three'] == properties['three'], 'a union of two types and null stays a union'
    assert found['d'] == {'type': 'string', 'description': 'Format: date'}


@pytest.mark.parametrize('schema', [obj(a=[TEXT]), obj(a={'$ref': '#/$defs/Nobody'})])
def test_malformed_schemas(schema: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        rewrite(schema, 'inline')


def test_plain_is_plain_and_other_styles_are_not_known() -> None:
    assert rewrite(COLOUR, 'plain').schema == COLOUR
    with pytest.raises(ValueError, match='no such'):
        rewrite(COLOUR, 'baroque')


class Inner(BaseModel):
    number: int | None
    names: list[str]


class Outer(BaseModel):
    inner: Inner
    pair: tuple[int, str]
    kind: str = Field(description='a kind')


@pytest.mark.parametrize('style', ['openai', 'openai_own', 'inline', 'gpt_oss', 'gemini'])
def test_schemas_of_pydantic_models_come_through(style: str) -> None:
    found = rewrite(Outer.model_json_schema(), style).schema
    assert set(found['properties']) == {'inner', 'pair', 'kind'}


def test_a_tuple_of_one_is_a_list() -> None:
    one = {'type': 'array', 'prefixItems': [TEXT], 'minItems': 1, 'maxItems': 1}
    schema, strict = rewrite(obj(['a'], a=one), 'openai_own')
    assert strict and schema['properties']['a']['items'] == TEXT
    assert not rewrite(obj(['a'], a={**one, 'maxItems': 2}), 'openai_own').strict


def test_definitions_that_must_stay_are_rewritten_too() -> None:
    tree = {'$defs': {'T': {**obj(kids={'$ref': '#/$defs/T'}), 'title': 'T'}}, **obj(t={'$ref': '#/$defs/T'})}
    assert 'title' not in rewrite(tree, 'gemini').schema['$defs']['T']
