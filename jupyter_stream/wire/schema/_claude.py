"""JSON schemas in the subset that Anthropic holds an answer to.

https://platform.claude.com/docs/en/build-with-claude/structured-outputs#json-schema-limitations: objects are closed,
and what cannot be enforced is told in the description.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError

__all__ = ('strict_claude',)

Schema = dict[str, Any]

_FORMATS: Final = (
    'date-time',
    'time',
    'date',
    'duration',
    'email',
    'hostname',
    'uri',
    'ipv4',
    'ipv6',
    'uuid',
)
_UNIONS: Final = {'anyOf': 'anyOf', 'oneOf': 'anyOf', 'allOf': 'allOf'}
"""Unions, and what they become; the first that is there counts."""


_UNTYPED: Final = 'A strict schema for Anthropic must say the type of every value: add the missing `type`.'


def strict_claude(schema: Mapping[str, Any] | bool) -> Schema:
    """The schema in that subset; the original is left alone.

    Raises:
        UserError: a part of it says no type.
    """
    rest = {} if isinstance(schema, bool) else dict(schema)
    strict: Schema = {}
    if isinstance(definitions := rest.pop('$defs', None), dict):
        strict['$defs'] = _each(cast(Schema, definitions))
    if '$ref' in rest:
        return {**strict, '$ref': rest['$ref']}
    kind = _kind(rest, strict)
    if (said := rest.pop('description', None)) is not None:
        strict['description'] = said
    if (title := rest.pop('title', None)) is not None:
        strict['title'] = title
    _MEMBERS.get(kind or '', _no_members)(rest, strict)
    if rest:
        told = '{' + ', '.join(f'{key}: {value}' for key, value in rest.items()) + '}'
        strict['description'] = f'{strict["description"]}\n\n{told}' if 'description' in strict else told
    return strict


def _kind(rest: Schema, strict: Schema) -> str | None:
    """The type that members go by; None where values or a union say what is allowed."""
    kind = rest.pop('type', None)
    unions = {name: rest.pop(name, None) for name in _UNIONS}
    union = next((name for name, members in unions.items() if isinstance(members, list)), None)
    if isinstance(values := rest.get('enum'), list) and values and all(map(_is_plain, cast('list[Any]', values))):
        strict['enum'] = rest.pop('enum')
    if 'const' in rest and _is_plain(rest['const']):
        only = rest.pop('const')
        strict.update({'const': None} if only is None else {'enum': [only]})  # as the peer words it
    literal = bool(strict.keys() & {'enum', 'const'})
    if union is not None:
        strict[_UNIONS[union]] = [strict_claude(member) for member in unions[union]]
    elif not literal:
        if kind is None:
            raise UserError(_UNTYPED)
        strict['type'] = kind
    return None if literal else kind


def _object(rest: Schema, strict: Schema) -> None:
    strict['properties'] = _each(rest.pop('properties', {}))
    rest.pop('additionalProperties', None)
    strict['additionalProperties'] = False
    if (required := rest.pop('required', None)) is not None:
        strict['required'] = required


def _string(rest: Schema, strict: Schema) -> None:
    if rest.get('format') in _FORMATS:
        strict['format'] = rest.pop('format')


def _array(rest: Schema, strict: Schema) -> None:
    if (items := rest.pop('items', None)) is not None:
        strict['items'] = strict_claude(items)
    if rest.get('minItems') in (0, 1):
        strict['minItems'] = rest.pop('minItems')


def _no_members(rest: Schema, strict: Schema) -> None:
    pass


_MEMBERS: Final = {'object': _object, 'string': _string, 'array': _array}


def _each(schemas: Schema) -> Schema:
    return {name: strict_claude(schema) for name, schema in schemas.items()}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float | bool)
