"""A type that an answer is asked to be of: what the request says of it, and what the answer's JSON is validated by."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import UnionType
from typing import Any, Final, Literal, Protocol, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError, create_model
from pydantic_core import from_json, to_json

from jupyter_stream.output import OUTPUT_TOOL_NAME, OutputMode, OutputObjectDefinition, StructuredOutputMode
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.typed.growing import Growing
from jupyter_stream.typed.layout import WRAPPER, has_open_parts, layout_of
from jupyter_stream.typed.problems import problems, summary
from jupyter_stream.typed.schema import (
    definition_of,
    is_wrapped,
    members_of,
    name_of,
    plain_type,
    title_of,
    union_of,
    wrapping,
)

__all__ = ('Capable', 'Member', 'Outcome', 'Typed')

_TOOL_DESCRIPTION: Final = 'The final response which ends this conversation'
_NOT_IN_A_NAME: Final = re.compile(r'[^a-zA-Z0-9_-]')


class Capable(Protocol):
    """What must be known of a model to choose how an answer is asked for; a model's `profile` says it."""

    @property
    def json_schema_output(self) -> bool:
        """The answer can be held to a schema."""
        ...

    @property
    def strict_schemas(self) -> bool:
        """A schema that says everything is held to the letter; another one may not be taken."""
        ...

    @property
    def tools(self) -> bool:
        """The model can call tools."""
        ...


@dataclass(frozen=True)
class Member:
    """One type that an answer may be of; there are several where the type is a union.

    Attributes:
        wanted: The type.
        definition: Its schema, that of an object.
        is_wrapped: Whether it is asked for in the field `response`, since it is no object itself.
    """

    wanted: Any
    definition: OutputObjectDefinition
    is_wrapped: bool

    def validated(self, text: str) -> Any:
        """The object that a JSON text stands for.

        A list or number without the field that was asked for is taken too, as is one that is JSON in a text: small
        models write both.

        Raises:
            ValidationError: it stands for none.
        """
        if not self.is_wrapped:
            return self._adapter.validate_json(text)
        try:
            return self._wrapping.validate_json(text)[WRAPPER]
        except ValidationError:
            inner = _unwrapped(text)
            if inner is None:
                raise
            try:
                return self._adapter.validate_json(inner)
            except ValidationError:
                pass
            raise

    def dumped(self, value: Any) -> Any:
        """The validated object as dicts, lists and plain values; dates and the like stay what they are."""
        return self._adapter.dump_python(value)

    def check_row(self, text: str) -> tuple[Any, str | None]:
        """Validate one element of the list that the answer is, see `Growing`."""
        assert self._row is not None
        try:
            return self._row.validate_json(text), None
        except ValidationError as error:
            return None, summary(problems(error))

    @property
    def check(self) -> Callable[[str], tuple[Any, str | None]] | None:
        """What validates a row; None where the answer has no rows, or any will do."""
        return self.check_row if self._row is not None else None

    def dumped_row(self, value: Any) -> Any:
        """A validated row as dicts, lists and plain values."""
        return self._row.dump_python(value) if self._row is not None else value

    @cached_property
    def row_fields(self) -> list[str]:
        """The names of a row's fields; empty where a row is no object."""
        if self._row is None:
            return []
        schema = self._row.json_schema()
        return list(_object(schema).get('properties', ()))

    @cached_property
    def _adapter(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.wanted)

    @cached_property
    def _wrapping(self) -> TypeAdapter[Any]:
        return TypeAdapter(wrapping(self.wanted))

    @cached_property
    def _row(self) -> TypeAdapter[Any] | None:
        layout = layout_of(self.definition.json_schema)
        if layout.kind != 'rows':
            return None
        listed = self.wanted if self.is_wrapped else _field_type(plain_type(self.wanted), layout.under[0])
        element = _element(listed)
        return None if element is None else TypeAdapter(element)


class Typed:
    """A type that an answer is asked to be of.

    Args:
        wanted: A pydantic model, a dataclass, a TypedDict, `list[Model]`, a `Literal`, an enum, a union, or any other
            type that pydantic takes.

    Raises:
        UserError: it is no type, or pydantic has no JSON schema for it.

    Attributes:
        wanted: The type.
        title: The type as it is named to people.
        members: The types of a union, each by the word that tells it apart; else one.
        tools: The same by the name of the tool whose call is such an answer.
        definition: The schema of the answer where it is a text.
    """

    def __init__(self, wanted: Any) -> None:
        self.wanted = wanted
        self.title = title_of(wanted)
        self.members = dict(_kinds(members_of(wanted)))
        self.tools = dict(_tools(self.members.values()))
        definitions = {kind: one.definition for kind, one in self.members.items()}
        self.definition = self.only.definition if self.only else union_of(definitions)

    @property
    def only(self) -> Member | None:
        """Its one type; None where it is a union."""
        return next(iter(self.members.values())) if len(self.members) == 1 else None

    def parameters(self, mode: OutputMode = 'auto') -> ModelRequestParameters:
        """How a request asks for such an answer: held to a schema ('native'), as a call ('tool'), or in words
        ('prompted'); 'auto' leaves that to the model.
        """
        several = len(self.tools) > 1
        tools = [_tool_definition(name, member, several) for name, member in self.tools.items()]
        return ModelRequestParameters(
            output_mode=mode,
            output_object=None if mode == 'tool' else self.definition,
            output_tools=tools if mode in ('tool', 'auto') else [],
            allow_text_output=mode != 'tool',
        )

    def mode_for(self, model: Capable) -> StructuredOutputMode:
        """How a model is asked: held to a schema where it can be, else as a call of a tool, else in words.

        A schema with open parts, as that of a `dict`, cannot be held to the letter, and some providers then refuse it
        or make it an object without fields; a tool takes it as it is.
        """
        fits = not (model.strict_schemas and model.tools and has_open_parts(self.definition.json_schema))
        if model.json_schema_output and fits:
            return 'native'
        return 'tool' if model.tools else 'prompted'

    def growing(self, tool: str | None = None) -> Growing:
        """What shows the answer while it comes: in the arguments of a tool, or in the text."""
        if tool is not None:
            member = self.tools[tool]
            return Growing(member.definition.json_schema, member.check)
        return Growing(self.definition.json_schema, self.only.check if self.only else None)

    def outcome(self, text: str, tool: str | None = None) -> Outcome:
        """What the JSON text of a whole answer is worth, or the arguments of a tool's call."""
        try:
            member, text = self._member_of(text, tool)
            return Outcome(member, member.validated(text))
        except ValidationError as error:
            return Outcome(None, None, error, problems(error, WRAPPER))

    def _member_of(self, text: str, tool: str | None) -> tuple[Member, str]:
        """Which of its types an answer is of, and the JSON text of that."""
        if tool is not None:
            return self.tools[tool], text
        if self.only is not None:
            return self.only, text
        result = self._kinded.validate_json(text).result
        return self.members[result.kind], to_json(result.data).decode()

    @cached_property
    def _kinded(self) -> TypeAdapter[Any]:
        literal: Any = Literal
        result = create_model('result', kind=(literal[tuple(self.members)], ...), data=(dict[str, Any], ...))
        return TypeAdapter(create_model('union', result=(result, ...)))


@dataclass(frozen=True)
class Outcome:
    """What an answer is worth.

    Attributes:
        member: The type that it is of; None where it is of none.
        value: The validated object.
        error: Why there is none; None where there is one.
        problems: The same as sentences, without their full stops.
    """

    member: Member | None = None
    value: Any = None
    error: ValidationError | None = None
    problems: Sequence[str] = ()


# ------------------------------------------------------------------ the members of a union


def _kinds(wanted: Iterable[Any]) -> Iterator[tuple[str, Member]]:
    taken: set[str] = set()
    for one in wanted:
        definition = definition_of(one)
        kind = _free(definition.name or str(name_of(one)), taken)
        yield kind, Member(one, definition, is_wrapped(one))


def _tools(members: Collection[Member]) -> Iterator[tuple[str, Member]]:
    taken: set[str] = set()
    for one in members:
        suffix = f'_{_NOT_IN_A_NAME.sub("", one.definition.name or "")}' if len(members) > 1 else ''
        yield _free(OUTPUT_TOOL_NAME + suffix, taken), one


def _free(name: str, taken: set[str]) -> str:
    """The name, or with a number behind it where it is taken; from now on it is."""
    found = next(one for one in (name, *(f'{name}_{count}' for count in range(2, len(taken) + 3))) if one not in taken)
    taken.add(found)
    return found


def _tool_definition(name: str, member: Member, is_one_of_several: bool) -> ToolDefinition:
    of = member.definition
    told_apart = f'{of.name}: {_TOOL_DESCRIPTION}' if is_one_of_several else _TOOL_DESCRIPTION
    return ToolDefinition(
        name=name,
        description=of.description or told_apart,
        parameters_json_schema=of.json_schema,
        outer_typed_dict_key=WRAPPER if member.is_wrapped else None,
        kind='output',
    )


# ------------------------------------------------------------------ what a type is made of


def _unwrapped(text: str) -> str | None:
    """The JSON of an answer that does without the field `response`, or is a text in it; None where it is neither."""
    try:
        data = from_json(text)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return text
    inner = cast('dict[str, Any]', data).get(WRAPPER)
    return inner if isinstance(inner, str) else None


def _field_type(owner: Any, name: str) -> Any:
    """The type of a field, by the name that it has in JSON; None where it cannot be told."""
    if issubclass(owner, BaseModel):
        names = {field: info.validation_alias or info.alias or field for field, info in owner.model_fields.items()}
        return next((owner.model_fields[field].annotation for field, alias in names.items() if alias == name), None)
    try:
        return get_type_hints(owner, include_extras=True).get(name)
    except NameError:
        return None


def _object(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema that a schema refers to."""
    return schema.get('$defs', {}).get(schema.get('$ref', '').removeprefix('#/$defs/'), schema)


def _element(listed: Any) -> Any:
    """The type of the elements of a list; None where it says none."""
    plain = plain_type(listed)
    if get_origin(plain) in (Union, UnionType):
        elements: list[Any] = [_element(one) for one in get_args(plain)]
        return next((one for one in elements if one is not None), None)
    origin, args = get_origin(plain), get_args(plain)
    is_list = isinstance(origin, type) and issubclass(origin, Iterable) and not issubclass(origin, Mapping)
    if not is_list or len(args) not in (1, 2) or args[1:] not in ((), (...,)):
        return None
    return args[0]
