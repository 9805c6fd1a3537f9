"""What every message class shares: its repr, its clock and ids, and how pydantic comes to know it.

Nothing here imports pydantic when it is loaded: a message is an ordinary dataclass, and only reading or
writing JSON needs a schema. The markers below are put into annotations and ask pydantic for its part
when a schema is built.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import MISSING, Field, dataclass, fields
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema, SchemaSerializer


CLOCK_VARIABLE = 'JUPYTER_STREAM_CLOCK'


def now_utc() -> datetime:
    """The time now, with its zone (UTC); or the one that JUPYTER_STREAM_CLOCK names, so that what a notebook shows of
    messages is the same in each run.
    """
    pinned = os.environ.get(CLOCK_VARIABLE)
    return datetime.fromisoformat(pinned) if pinned else datetime.now(tz=UTC)


_ids: ContextVar[Iterator[str] | None] = ContextVar('ids', default=None)


def generate_tool_call_id() -> str:
    """A fresh id for a tool call whose provider gave none; the prefix is the one that saved histories hold."""
    ids = _ids.get()
    return f'pyd_ai_{uuid4().hex if ids is None else next(ids)}'


@contextmanager
def ids_made_of(seed: str) -> Generator[None]:
    """Within it, the ids of tool calls are made of the seed and their order, and not at random: an answer that is
    played again has the same ones.
    """
    before = _ids.get()
    _ids.set(sha256(f'{seed}:{number}'.encode()).hexdigest()[:32] for number in count())
    try:
        yield
    finally:
        _ids.set(before)


def _is_shown(value: Any, field: Field[Any]) -> bool:
    if not field.repr:
        return False
    if field.default is MISSING:
        return True
    try:
        return bool(value != field.default)
    except Exception:
        # An array or a frame compares to something that is not a bool; a repr must not fail over it.
        return True


def short_repr(self: Any) -> str:
    """A dataclass repr that leaves out every field still at its plain default."""
    pairs = ((field, getattr(self, field.name)) for field in fields(self))
    shown = ', '.join(f'{field.name}={value!r}' for field, value in pairs if _is_shown(value, field))
    return f'{type(self).__qualname__}({shown})'


class OwnSerializer:
    """A class attribute that gives pydantic the class's own serializer, built when first asked for.

    Without it, an instance met under `Any` (a file inside a tool's answer) is dumped field by field,
    with private names and without what its schema adds.
    """

    def __init__(self) -> None:
        self._built: dict[type, SchemaSerializer] = {}

    def __get__(self, instance: object, owner: type) -> SchemaSerializer:
        if owner not in self._built:
            from pydantic import TypeAdapter
            from pydantic_core import CoreConfig, SchemaSerializer

            self._built[owner] = SchemaSerializer(TypeAdapter(owner).core_schema, CoreConfig(ser_json_bytes='base64'))
        return self._built[owner]


@dataclass(frozen=True)
class Tagged:
    """Annotates a union: the member is the one whose field `name` holds the value that the data holds."""

    name: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic import Discriminator

        return Discriminator(self.name).__get_pydantic_core_schema__(source, handler)


@dataclass(frozen=True)
class After:
    """Annotates a type: what was validated goes through `function`.

    With `dumped_whole` a value of it is written with every field, whatever a dump leaves out.
    """

    function: Callable[[Any], Any]
    dumped_whole: bool = False

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        written = core_schema.simple_ser_schema('any') if self.dumped_whole else None
        return core_schema.no_info_after_validator_function(self.function, handler(source), serialization=written)


@dataclass(frozen=True)
class JsonForm:
    """Annotates a type: `load` reads its JSON form before validation, `dump` writes it (in JSON only)."""

    load: Callable[[Any], Any] | None = None
    dump: Callable[[Any], Any] | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        from pydantic_core import core_schema

        schema = handler(source)
        if self.load is not None:
            schema = core_schema.no_info_before_validator_function(self.load, schema)
        if self.dump is not None:
            serialization = core_schema.plain_serializer_function_ser_schema(self.dump, when_used='json')
            schema = {**schema, 'serialization': serialization}
        return schema  # pyright: ignore[reportReturnType]


@dataclass(frozen=True)
class TypedAs:
    """Annotates `dict[str, Any]`: validated as the type that `load()` returns, which is imported only then."""

    load: Callable[[], Any]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return handler.generate_schema(self.load())


_CHANGED = 'jupyter_stream'


def custom_schema(
    schema: CoreSchema,
    handler: GetCoreSchemaHandler,
    *,
    aliases: Mapping[str, tuple[str, ...]] | None = None,
    load: Callable[[Any, Callable[[Any], Any]], Any] | None = None,
    dump: Callable[[Any, Callable[[Any], Any]], Any] | None = None,
) -> CoreSchema:
    """A dataclass's schema, changed: fields read by other names, `load` and `dump` around what it does by itself.

    The first name in `aliases[field]` that is present counts. `load(value, validate)` and `dump(value, dump)` get
    what the schema would have done as their second argument.
    """
    # The definition itself is changed, in place: pydantic refers to it wherever the class is met again,
    # and something put around the reference would be left out there.
    definition: Any = handler.resolve_ref_schema(schema)
    if _CHANGED in definition.get('metadata', {}):
        return schema
    _rename(definition, aliases or {})
    if dump is not None:
        definition['serialization'] = {'type': 'function-wrap', 'function': dump}
    if load is not None:
        _surround(definition, load)
    definition['metadata'] = {**definition.get('metadata', {}), _CHANGED: True}
    return schema


def _rename(definition: Any, aliases: Mapping[str, tuple[str, ...]]) -> None:
    while definition['type'] != 'dataclass-args':
        definition = definition['schema']
    for field in definition['fields']:
        if names := aliases.get(field['name']):
            field['validation_alias'] = [[name] for name in names]


def _surround(definition: Any, load: Callable[[Any, Callable[[Any], Any]], Any]) -> None:
    from pydantic_core import core_schema

    ref = definition.pop('ref', None)
    wrapped = core_schema.no_info_wrap_validator_function(load, definition.copy(), ref=ref)
    definition.clear()
    definition.update(wrapped)


def typed_error_details() -> Any:
    """pydantic's own description of a validation error."""
    from pydantic_core import ErrorDetails

    return ErrorDetails
