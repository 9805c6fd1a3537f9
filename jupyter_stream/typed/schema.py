"""A type as the JSON schema of an object, in the words of `pydantic_ai`, so that a model is asked the same by both.

What is no object is wrapped in one (`{"response": …}`); the members of a union are told apart by a `kind`. Pure.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import is_dataclass
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from jupyter_stream.exceptions import UserError
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.typed.layout import WRAPPER

if sys.version_info >= (3, 12):
    from typing import TypedDict, is_typeddict
else:
    from typing_extensions import TypedDict, is_typeddict  # pydantic takes no other there

__all__ = ('definition_of', 'is_wrapped', 'members_of', 'name_of', 'plain_type', 'title_of', 'union_of', 'wrapping')

_LONGEST_TITLE: Final = 60


# ------------------------------------------------------------------ types


def members_of(wanted: Any) -> list[Any]:
    """The types that an answer may be of: those of a union or of a list of types; None comes last."""
    found = list(_flattened(wanted))
    nones = [one for one in found if plain_type(one) in (NoneType, None)]
    others = [one for one in found if plain_type(one) not in (NoneType, None)]
    if not others:
        raise UserError('An answer of the type None would say nothing: give another type.')
    return [*others, *(nones[:1] and [NoneType])]


def _flattened(wanted: Any) -> Iterator[Any]:
    if isinstance(wanted, list | tuple):
        for one in cast('Sequence[Any]', wanted):
            yield from _flattened(one)
        return
    inner = plain_type(getattr(wanted, '__value__', wanted))  # of `type X = …`
    if get_origin(inner) in (Union, UnionType):
        yield from get_args(inner)
    else:
        yield wanted


def plain_type(wanted: Any) -> Any:
    """The type without what `Annotated` says of it."""
    while get_origin(wanted) is Annotated:
        wanted = wanted.__origin__
    return wanted


def _is_type(wanted: Any) -> bool:
    """Whether it is a class, or something of `typing`, and no value and no function."""
    if inspect.isclass(wanted) or get_origin(wanted) is not None:
        return True
    is_named = hasattr(wanted, '__value__') or hasattr(wanted, '__supertype__')  # `type X = …`, a NewType
    return is_named or type(wanted).__module__ in ('typing', 'typing_extensions')


def is_wrapped(wanted: Any) -> bool:
    """Whether an answer of the type is asked for in a field, since it is no object: no model, dataclass, TypedDict."""
    plain: Any = plain_type(wanted)
    if not inspect.isclass(plain) or isinstance(plain, GenericAlias):
        return True
    return not (issubclass(plain, BaseModel) or is_dataclass(plain) or is_typeddict(plain))


def wrapping(wanted: Any) -> Any:
    """The object with the one field in which a type is asked for."""
    made: Any = TypedDict  # a checker wants the fields written out
    return made('response_data_typed_dict', {WRAPPER: wanted})


def name_of(wanted: Any) -> str | None:
    """What a type is called where its schema does not say it."""
    plain = plain_type(wanted)
    return 'None' if plain in (NoneType, None) else getattr(plain, '__name__', None)


def title_of(wanted: Any) -> str:
    """The type as it is named to people: `list[Planet]`."""
    if isinstance(wanted, list | tuple):
        title = ' | '.join(map(title_of, cast('Sequence[Any]', wanted)))
    elif get_origin(wanted) is None and isinstance(wanted, type):
        title = 'None' if wanted is NoneType else wanted.__qualname__.rpartition('.')[2]
    elif get_origin(wanted) in (Union, UnionType):
        title = ' | '.join(map(title_of, get_args(wanted)))
    elif isinstance(origin := get_origin(wanted), type):
        title = f'{origin.__name__}[{", ".join(map(title_of, get_args(wanted)))}]'
    else:
        title = '…' if wanted is ... else str(plain_type(wanted)).replace('typing.', '')
    return title if len(title) <= _LONGEST_TITLE else f'{title[: _LONGEST_TITLE - 1]}…'


# ------------------------------------------------------------------ schemas


class _WithoutTitles(GenerateJsonSchema):
    """The schema of fields without titles, which only repeat their names."""

    def _named_required_fields_schema(self, named_required_fields: Sequence[tuple[str, bool, Any]]) -> JsonSchemaValue:
        schema = super()._named_required_fields_schema(named_required_fields)
        for field in schema.get('properties', {}).values():
            field.pop('title', None)
        return schema


def definition_of(wanted: Any) -> OutputObjectDefinition:
    """The schema of one type, with the name and the description that it has there.

    Raises:
        UserError: pydantic has no JSON schema for the type.
    """
    if not _is_type(wanted):
        raise UserError(f'An answer cannot be of the type {wanted!r}: give one, such as a model, `list[Model]` or int.')
    wrapped = is_wrapped(wanted)
    try:
        adapter = TypeAdapter[Any](wrapping(wanted) if wrapped else wanted)
        schema = _object(adapter.json_schema(schema_generator=_WithoutTitles))
    except PydanticUserError as error:
        why = str(error).splitlines()[0].rstrip('.')
        raise UserError(f'An answer cannot be of the type {title_of(wanted)}: {why}.') from None
    if wrapped:
        del schema['title']
    return OutputObjectDefinition(
        name=schema.get('title') or name_of(wanted), description=schema.pop('description', None), json_schema=schema
    )


def _object(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of the object itself, where it is only referred to and refers to nothing."""
    reference: str | None = schema.get('$ref')
    if reference is None:
        return schema
    inner: dict[str, Any] = schema.get('$defs', {}).get(reference.removeprefix('#/$defs/'), {})
    found = schema if '$ref' in set(_keys(inner)) or inner.get('type') != 'object' else inner
    return {**found, **{key: value for key, value in schema.items() if key not in ('$ref', '$defs')}}


def _keys(node: Any) -> Iterator[str]:
    """All keys in a schema."""
    if isinstance(node, dict):
        for key, value in cast('dict[str, Any]', node).items():
            yield key
            yield from _keys(value)
    elif isinstance(node, list):
        for value in cast('list[Any]', node):
            yield from _keys(value)


def union_of(members: Mapping[str, OutputObjectDefinition]) -> OutputObjectDefinition:
    """One schema for an answer of one of several types, each under its kind: `{"result": {"kind": …, "data": …}}`."""
    definitions: dict[str, Any] = {}
    kinds = [_kind(kind, member, definitions) for kind, member in members.items()]
    schema = _closed({'result': {'anyOf': kinds}})
    return OutputObjectDefinition(json_schema={**schema, '$defs': definitions} if definitions else schema)


def _kind(kind: str, member: OutputObjectDefinition, definitions: dict[str, Any]) -> dict[str, Any]:
    data = _merged(member.json_schema, definitions)
    title = member.name or data.get('title')
    data.pop('title', None)
    schema = _closed({'kind': {'type': 'string', 'const': kind}, 'data': data})
    named = {'title': title, 'description': member.description}
    return {**schema, **{key: value for key, value in named.items() if value}}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    """The schema of an object with these fields and no others."""
    return {'type': 'object', 'properties': properties, 'required': list(properties), 'additionalProperties': False}


def _merged(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """The schema with its definitions moved to those of the whole; one that means something else gets another name."""
    schema = deepcopy(schema)
    own: dict[str, Any] = schema.pop('$defs', {})
    names = {name: _free_name(name, body, definitions) for name, body in own.items()}
    for name, body in own.items():
        definitions[names[name]] = _renamed(body, names)
    return _renamed(schema, names)


def _free_name(name: str, body: Any, taken: Mapping[str, Any]) -> str:
    candidates = [name, *(f'{name}_{count}' for count in range(1, len(taken) + 1))]
    return next(one for one in candidates if taken.get(one, body) == body)


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    """The schema with its references to definitions by their new names."""
    if isinstance(node, dict):
        fields = cast('dict[str, Any]', node)
        return {
            key: _reference(value, names) if key == '$ref' else _renamed(value, names) for key, value in fields.items()
        }
    return [_renamed(one, names) for one in cast('Iterable[Any]', node)] if isinstance(node, list) else node


def _reference(reference: Any, names: Mapping[str, str]) -> Any:
    name = str(reference).removeprefix('#/$defs/')
    return f'#/$defs/{names[name]}' if name in names else reference
