"""How an answer of a JSON schema is laid out: as the fields of an object, as rows, or as one value. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast

__all__ = ('WRAPPER', 'Kind', 'Layout', 'has_open_parts', 'layout_of')

Kind: TypeAlias = Literal['object', 'rows', 'value']

WRAPPER: Final = 'response'
"""The field that an answer is asked for in where its type is no object."""

_CLOSED_TEXTS: Final = ('enum', 'const', 'format', 'pattern')
"""What a schema says of a text that is not free: the half of it means something else, or nothing."""

Schema: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | None, ...]
"""Names of fields from the outside to the inside; None is any element of a list."""


@dataclass(frozen=True)
class Layout:
    """What a schema says of the answer before it comes.

    Attributes:
        kind: Fields of an object, rows, or one value.
        under: The fields in which the answer is wrapped, from the outside to the inside; empty where it is not.
        schema: The JSON schema of the whole.
    """

    kind: Kind
    under: tuple[str, ...]
    schema: Schema
    _free: dict[Path, bool] = field(default_factory=dict[Path, bool], repr=False, compare=False)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the fields of the object, or of an object among the rows, in their order."""
        path = (*self.under, None) if self.kind == 'rows' else self.under
        found = [name for one in _at(self.schema, self.schema, path) for name in one.get('properties', {})]
        return tuple(dict.fromkeys(found))

    def is_free(self, path: Path) -> bool:
        """Whether the text at this path may be shown while it grows: it is none of a closed set of words, and of no
        format.
        """
        if path not in self._free:
            found = list(_at(self.schema, self.schema, path))
            self._free[path] = not any(key in schema for schema in found for key in _CLOSED_TEXTS)
        return self._free[path]


def layout_of(schema: Schema) -> Layout:
    """The layout of an answer of this schema, which is that of an object, as all protocols want it."""
    properties = _properties(schema, schema)
    if len(properties) == 1:
        ((name, inner),) = properties.items()
        if any(one.get('type') == 'array' for one in _alternatives(schema, inner)):
            return Layout('rows', (name,), schema)
        if name == WRAPPER:
            is_object = all(one.get('type') == 'object' for one in _alternatives(schema, inner))
            return Layout('object' if is_object else 'value', (name,), schema)
        if name == 'result' and (union := _union(schema, inner)):
            return Layout(union, (name, 'data'), schema)
    return Layout('object', (), schema)


def has_open_parts(schema: Schema) -> bool:
    """Whether somewhere an object may have any fields, or a value may be of any type."""
    return any(map(_is_open, _parts(schema)))


def _is_open(schema: Schema) -> bool:
    if schema.get('type') == 'object':
        return bool(schema.get('additionalProperties')) or 'properties' not in schema
    return not any(key in schema for key in ('type', 'enum', 'const', '$ref', 'anyOf', 'oneOf', 'allOf'))


def _parts(schema: Schema) -> Iterator[Schema]:
    """The schema and all schemas in it."""
    yield schema
    inner: list[Any] = [schema.get('items'), schema.get('additionalProperties')]
    for key in ('anyOf', 'oneOf', 'allOf', 'prefixItems'):
        inner += schema.get(key, ())
    for key in ('properties', '$defs'):
        inner += schema.get(key, {}).values()
    for one in inner:
        if isinstance(one, Mapping):
            yield from _parts(cast(Schema, one))


def _union(root: Schema, inner: Schema) -> Kind | None:
    """How the members of a union are laid out, each of which is `{'kind': …, 'data': …}`; None where it is none."""
    members = list(_alternatives(root, inner))
    if not members or any(set(_properties(root, one)) != {'kind', 'data'} for one in members):
        return None
    return 'object'


def _properties(root: Schema, schema: Schema) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    for one in _alternatives(root, schema):
        found.update(one.get('properties', {}))
    return found


def _at(root: Schema, schema: Schema, path: Path) -> Iterator[Schema]:
    """All schemas that may describe what is at a path."""
    for one in _alternatives(root, schema):
        if not path:
            yield one
            continue
        for inner in _children(one, path[0]):
            yield from _at(root, inner, path[1:])


def _children(schema: Schema, step: str | None) -> Iterable[Schema]:
    if step is None:
        found: list[Any] = [schema.get('items'), *schema.get('prefixItems', ())]
    else:
        found = [schema.get('properties', {}).get(step) or schema.get('additionalProperties')]
    return [cast(Schema, one) for one in found if isinstance(one, Mapping)]


def _alternatives(root: Schema, schema: Schema, seen: tuple[str, ...] = ()) -> Iterator[Schema]:
    """A schema without references; each member of a union for itself."""
    reference = schema.get('$ref')
    if reference in seen:
        return
    if isinstance(reference, str):
        yield from _alternatives(root, _definition(root, reference), (*seen, reference))
        return
    members = [one for key in ('anyOf', 'oneOf', 'allOf') for one in schema.get(key, ())]
    if not members:
        yield schema
    for member in members:
        yield from _alternatives(root, member, seen)


def _definition(root: Schema, reference: str) -> Schema:
    found: Any = root
    for step in reference.removeprefix('#').strip('/').split('/') if reference != '#' else ():
        found = found.get(step.replace('~1', '/').replace('~0', '~'), {})
    return cast(Schema, found)
