"""JSON schemas as the providers want them: OpenAI's strict dialect, definitions inlined, Gemini's subset.

A schema comes from a person or from pydantic, and is rewritten on its way out; the original is left alone. Pure.

The rules of the strict dialect: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from typing import Any, Final, NamedTuple, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.wire.schema._claude import strict_claude

__all__ = ('Rewritten', 'rewrite', 'walked')

Schema = dict[str, Any]

_NOISE: Final = ('title', '$schema', 'discriminator')
_NOT_STRICT: Final = (
    'minLength',
    'maxLength',
    'patternProperties',
    'unevaluatedProperties',
    'propertyNames',
    'minProperties',
    'maxProperties',
    'unevaluatedItems',
    'contains',
    'minContains',
    'maxContains',
    'uniqueItems',
)
_STRICT_FORMATS: Final = ('date-time', 'time', 'date', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uuid')
_SAYS_A_TYPE: Final = ('type', '$ref', 'anyOf', 'oneOf', 'allOf', 'enum', 'const')
_LOOKAROUND: Final = re.compile(r'(?:[^\\]|\\.)*?\(\?<?[=!]', re.DOTALL)
_DEFINITION: Final = re.compile(r'#/(\$defs|definitions)/[^/]+')
_MAX_DEPTH, _MAX_PROPERTIES, _MAX_INLINED = 10, 5_000, 250_000
"""OpenAI's limits on a strict schema, and ours on what inlining may copy."""


_MAX_NESTED: Final = 150
"""Our limit on objects and lists within each other, well below where Python's own recursion ends."""


class Rewritten(NamedTuple):
    """A schema for the wire, and whether it may be called strict."""

    schema: Schema
    strict: bool


def rewrite(schema: Mapping[str, Any], style: str, strict: bool | None = None) -> Rewritten:
    """Rewrite a schema in one of the styles of `profiles.Profile.schema`.

    With `strict` True the schema is bent until it is strict; with None it is kept as meant, and the result says whether
    it happens to be strict.

    Raises:
        UserError: the schema is malformed, refers to a definition that it does not have, or cannot be made strict.
    """
    if style not in _STYLES:
        raise ValueError(f'no such schema style: {style!r}')
    _check_size(schema)
    changed, fits = _STYLES[style](deepcopy(dict(schema)) or {'type': 'object', 'properties': {}}, strict)
    return Rewritten(changed, fits if strict is None else strict)


def _check_size(schema: Mapping[str, Any]) -> None:
    """Without recursion, since a schema that holds itself has no end."""
    level: list[Any] = [schema]
    count = 0
    for _ in range(_MAX_NESTED):
        level = [inner for node in level for inner in _inner(node)]
        count += len(level)
        if not level:
            return
        if count > _MAX_INLINED:
            break
    raise UserError(
        f'A JSON schema is nested more than {_MAX_NESTED} deep, is too large or holds itself: make it flatter, and '
        'refer to what comes again by `$ref`.'
    )


def _inner(node: Any) -> Iterator[Any]:
    held = cast('Iterable[Any]', node.values() if isinstance(node, Mapping) else node)
    return (cast(Any, one) for one in held if isinstance(one, Mapping | list | tuple))


# ---------------------------------------------------------------------- walking


def walked(schema: Mapping[str, Any], visit: Callable[[Schema], None]) -> Schema:
    """A copy of a schema, with `visit` called on each schema in it to change it in place, the inner ones first.

    Raises:
        UserError: the schema is malformed.
    """
    _check_size(schema)
    return _walk_root(deepcopy(dict(schema)), visit)


def _walk(node: Any, visit: Callable[[Schema], None]) -> Any:
    """`node` with `visit` called on each schema in it, the inner ones first."""
    if not isinstance(node, dict):
        if isinstance(node, bool):
            return node
        raise UserError(f'A JSON schema must be an object or a boolean, not {node!r}.')
    schema = cast(Schema, node)
    if schema.get('type') is None:
        schema = _without_lone_unions(schema, visit)
    else:
        _walk_lists(schema, ('allOf', 'anyOf', 'oneOf'), visit)
    if schema.get('type') == 'object':
        _walk_object(schema, visit)
    elif schema.get('type') == 'array':
        _walk_array(schema, visit)
    visit(schema)
    return schema


def _walk_root(schema: Schema, visit: Callable[[Schema], None]) -> Schema:
    """A whole schema, definitions included, with `visit` called on each schema in it, the inner ones first."""
    groups = {key: schema.pop(key) for key in ('$defs', 'definitions') if isinstance(schema.get(key), dict)}
    result = _walk(schema, visit)
    for key, group in groups.items():
        result[key] = {name: _walk(definition, visit) for name, definition in group.items()}
    return result


def _without_lone_unions(schema: Schema, visit: Callable[[Schema], None]) -> Schema:
    """A union of one member is that member."""
    for union in ('allOf', 'anyOf', 'oneOf'):
        if union not in schema:
            continue
        members = [_walk(member, visit) for member in schema.pop(union)]
        if len(members) == 1 and isinstance(members[0], dict):
            schema = {**cast(Schema, members[0]), **schema}
        else:
            schema[union] = members
    return schema


def _walk_object(schema: Schema, visit: Callable[[Schema], None]) -> None:
    if properties := schema.get('properties'):
        schema['properties'] = {key: _walk(value, visit) for key, value in properties.items()}
    if (patterns := schema.get('patternProperties')) is not None:
        schema['patternProperties'] = {key: _walk(value, visit) for key, value in patterns.items()}
    if isinstance(schema.get('additionalProperties'), dict):
        schema['additionalProperties'] = _walk(schema['additionalProperties'], visit)


def _walk_array(schema: Schema, visit: Callable[[Schema], None]) -> None:
    _walk_lists(schema, ('prefixItems',), visit)
    items = schema.get('items')
    if isinstance(items, list):
        _walk_lists(schema, ('items',), visit)
    elif items:
        schema['items'] = _walk(items, visit)


def _walk_lists(schema: Schema, keys: tuple[str, ...], visit: Callable[[Schema], None]) -> None:
    for key in keys:
        if members := schema.get(key):
            schema[key] = [_walk(member, visit) for member in members]


# ----------------------------------------------------------------- OpenAI's own


class _Strict:
    """One rewriting into OpenAI's dialect; `fits` turns False at the first thing that strict mode refuses."""

    def __init__(self, root: Schema, strict: bool | None, lengths: bool) -> None:
        self.root_ref = cast('str | None', root.get('$ref'))
        self.strict = strict
        self.lengths = lengths
        self.fits = True

    def visit(self, schema: Schema) -> None:
        for key in _NOISE:
            schema.pop(key, None)
        if 'default' in schema:
            # Not strict, but it helps some models: it stays unless strictness was asked for.
            self._refuse(schema, 'default')
        if isinstance(schema.get('$ref'), str):
            self._visit_ref(schema)
        self._visit_limits(schema)
        if not any(key in schema for key in _SAYS_A_TYPE):
            self._untyped()
        if 'oneOf' in schema:
            if self.strict:
                schema['anyOf'] = schema.pop('oneOf')
            else:
                self.fits = False
        if schema.get('type') == 'object':
            self._visit_object(schema)
        elif schema.get('type') == 'array':
            self._visit_array(schema)

    def _untyped(self) -> None:
        if self.strict:
            raise UserError(
                'A strict schema must say the type of every value: add the missing `type`, or set `strict=False`.'
            )
        self.fits = False

    def _refuse(self, schema: Schema, key: str) -> None:
        if self.strict:
            schema.pop(key)
        else:
            self.fits = False

    def _visit_ref(self, schema: Schema) -> None:
        ref = schema['$ref']
        if ref == self.root_ref:
            schema['$ref'] = '#'
        elif ref.startswith('#/') and not _DEFINITION.fullmatch(ref):
            self.fits = False
        if len(schema) > 1:
            # Nothing may stand beside `$ref`, but things may stand beside `anyOf`.
            schema['anyOf'] = [{'$ref': schema.pop('$ref')}]

    def _visit_limits(self, schema: Schema) -> None:
        refused = {key: schema[key] for key in _NOT_STRICT if key in schema and not self._allowed(key)}
        if schema.get('format') and schema['format'] not in _STRICT_FORMATS:
            refused['format'] = schema['format']
        if isinstance(schema.get('pattern'), str) and _LOOKAROUND.match(schema['pattern']):
            refused['pattern'] = schema['pattern']
        if not refused:
            return
        if not self.strict:
            self.fits = False
            return
        for key in refused:
            del schema[key]
        # What cannot be enforced is at least told.
        note = ', '.join(f'{key}={value}' for key, value in refused.items())
        described = schema.get('description')
        schema['description'] = f'{described} ({note})' if described else note

    def _allowed(self, key: str) -> bool:
        return self.lengths and key in ('minLength', 'maxLength')

    def _visit_object(self, schema: Schema) -> None:
        properties = schema.setdefault('properties', {})
        if any(isinstance(value, bool) for value in properties.values()):
            self._untyped()
        if self.strict:
            schema['additionalProperties'] = False
            schema['required'] = list(properties)
        elif self.strict is None:
            if schema.get('additionalProperties') in (None, False):
                schema['additionalProperties'] = False
            else:
                self.fits = False
            if 'required' not in schema or any(key not in schema['required'] for key in properties):
                self.fits = False

    def _visit_array(self, schema: Schema) -> None:
        first = schema.get('prefixItems')
        if self.lengths and self.strict is not False and first and len(first) == 1 == schema.get('maxItems'):
            # A tuple of one is a list of at most one, which strict mode knows.
            schema['items'] = schema.pop('prefixItems')[0]
        items = schema.get('items')
        typed = isinstance(items, dict) and any(key in items for key in _SAYS_A_TYPE)
        if typed or (schema.get('prefixItems') and not self.lengths):
            return
        if self.strict and first:
            raise UserError(
                'A strict schema cannot hold a tuple, whose items differ by their place: use a list of one type or an '
                'object with named fields, or set `strict=False`.'
            )
        if self.strict:
            raise UserError(
                'A strict schema must say the type of the items of every array: '
                'give the list a type parameter, or set `strict=False`.'
            )
        self.fits = False


def _openai(schema: Schema, strict: bool | None, *, lengths: bool = False) -> Rewritten:
    rules = _Strict(schema, strict, lengths)
    result = _walk_root(schema, rules.visit)
    if rules.root_ref is not None:
        result.pop('$ref', None)
        result.update(result.get('$defs', {}).get(_definition_name(rules.root_ref), {}))
    return Rewritten(result, rules.fits)


def _openai_own(schema: Schema, strict: bool | None) -> Rewritten:
    result, fits = _openai(schema, strict, lengths=True)
    return Rewritten(result, fits and _within_limits(result))


def _within_limits(schema: Schema) -> bool:
    parts = [schema, *schema.get('$defs', {}).values(), *schema.get('definitions', {}).values()]
    return all(_depth_and_size_fit(part) for part in parts)


def _depth_and_size_fit(schema: Any) -> bool:
    found = list(_objects(schema, 1))
    return (
        max((depth for depth, _ in found), default=0) <= _MAX_DEPTH
        and sum(count for _, count in found) <= _MAX_PROPERTIES
    )


def _objects(node: Any, depth: int) -> Iterator[tuple[int, int]]:
    """The depth and the number of properties of each object schema in `node`."""
    if not isinstance(node, dict):
        return
    schema = cast(Schema, node)
    inner = [schema.get('items'), *schema.get('anyOf', [])]
    if isinstance(schema.get('properties'), dict):
        yield depth, len(schema['properties'])
        inner += schema['properties'].values()
        depth += 1
    for value in inner:
        yield from _objects(value, depth)


# --------------------------------------------------------------------- inlining


def _definition_name(ref: str) -> str:
    return ref.removeprefix('#/$defs/').removeprefix('#/definitions/').replace('~1', '/').replace('~0', '~')


class _Inliner:
    """One schema whose definitions are put where they are referred to; only recursive ones stay definitions."""

    def __init__(self, root: Schema) -> None:
        self.definitions = cast(Schema, root.pop('$defs', {}))
        self.root_ref = cast('str | None', root.get('$ref'))
        self.recursive: set[str] = set()
        self.copied = 0

    def inline(self, root: Schema) -> Schema:
        result = self._inlined(root, ())
        if not self.recursive:
            return cast(Schema, result)
        kept = {name: self._inlined(deepcopy(self.definitions[name]), (name,)) for name in sorted(self.recursive)}
        if self.root_ref is not None:
            return {'$defs': kept, '$ref': self.root_ref}
        return {**result, '$defs': kept}

    def _inlined(self, node: Any, within: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [self._inlined(item, within) for item in cast(list[Any], node)]
        if not isinstance(node, dict):
            return node
        self.copied += 1
        if self.copied > _MAX_INLINED:
            raise UserError('A JSON schema is too large: refer to large definitions from fewer places.')
        schema = cast(Schema, node)
        ref = schema.get('$ref')
        if isinstance(ref, str) and ref.startswith('#/$defs/'):
            return self._resolved(schema, _definition_name(ref), within)
        return {key: self._inlined(value, within) for key, value in schema.items()}

    def _resolved(self, schema: Schema, name: str, within: tuple[str, ...]) -> Any:
        if name not in self.definitions:
            raise UserError(f'A JSON schema refers to {name!r}, which it does not define.')
        if name in within:
            self.recursive.add(name)
            return schema
        definition = self.definitions[name]
        beside = {key: value for key, value in schema.items() if key != '$ref'}
        if isinstance(definition, dict):
            return self._inlined({**deepcopy(cast(Schema, definition)), **beside}, (*within, name))
        return definition if not beside else (beside if definition else {**beside, 'not': {}})


def _inlined(schema: Schema, strict: bool | None) -> Rewritten:
    return Rewritten(_walk_root(_Inliner(schema).inline(schema), lambda _: None), True)


def _gpt_oss(schema: Schema, strict: bool | None) -> Rewritten:
    """gpt-oss does not see definitions, wherever it is served."""
    return _openai(_Inliner(schema).inline(schema), strict)


# ----------------------------------------------------------------------- Gemini


def _gemini(schema: Schema, strict: bool | None) -> Rewritten:
    """The subset that OpenRouter passes on to Gemini."""
    return Rewritten(_walk_root(_Inliner(schema).inline(schema), _visit_gemini), True)


def _visit_gemini(schema: Schema) -> None:
    for key in (*_NOISE, 'examples', 'exclusiveMaximum', 'exclusiveMinimum'):
        schema.pop(key, None)
    if (const := schema.pop('const', None)) is not None:
        schema['enum'] = [const]
    if enum := schema.get('enum'):
        schema.update(type='string', enum=[str(value) for value in enum])
    if 'oneOf' in schema and 'type' not in schema:
        schema['anyOf'] = schema.pop('oneOf')
    _nullable(schema)
    if schema.get('type') == 'string' and (kind := schema.pop('format', None)):
        described = schema.get('description')
        schema['description'] = f'{described} (format: {kind})' if described else f'Format: {kind}'


def _nullable(schema: Schema) -> None:
    members = schema.get('anyOf', [])
    if len(members) == 2 and {'type': 'null'} in members:
        other = next((member for member in members if member != {'type': 'null'}), None)
        if isinstance(other, dict):
            del schema['anyOf']
            schema.update({**cast(Schema, other), 'nullable': True, **schema})


def _plain(schema: Schema, strict: bool | None) -> Rewritten:
    return Rewritten(schema, True)


def _anthropic(schema: Schema, strict: bool | None) -> Rewritten:
    result = _walk_root(schema, _drop_names)
    # Only what was asked to be strict is: the rewriting loses too much to do it unasked.
    return Rewritten(strict_claude(result) if strict else result, strict is True)


def _drop_names(schema: Schema) -> None:
    schema.pop('title', None)
    schema.pop('$schema', None)


_STYLES: Final[Mapping[str, Callable[[Schema, bool | None], Rewritten]]] = {
    'openai': _openai,
    'openai_own': _openai_own,
    'inline': _inlined,
    'gpt_oss': _gpt_oss,
    'gemini': _gemini,
    'plain': _plain,
    'anthropic': _anthropic,
}
