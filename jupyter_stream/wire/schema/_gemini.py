"""JSON schemas as Gemini takes them: https://ai.google.dev/gemini-api/docs/structured-output#json-schema

Definitions and references stay. What Gemini ignores or refuses is left out, or said in the description.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.schema import walked

__all__ = ('gemini_schema', 'with_schemas')

Schema = dict[str, Any]

_REFUSED: Final = ('$schema', 'title', 'discriminator', 'examples', 'exclusiveMinimum', 'exclusiveMaximum')
_TYPES: Final[dict[type, str]] = {str: 'string', bool: 'boolean', int: 'integer', float: 'number'}
_OPTION: Final = frozenset({'enum', 'type', 'description'})


def with_schemas(parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters with every schema in them rewritten.

    Raises:
        UserError: a schema is malformed.
    """
    output = parameters.output_object
    return replace(
        parameters,
        function_tools=[_tool(tool) for tool in parameters.function_tools],
        output_tools=[_tool(tool) for tool in parameters.output_tools],
        output_object=output and replace(output, json_schema=gemini_schema(output.json_schema)),
    )


def gemini_schema(schema: Schema) -> Schema:
    """A schema rewritten; the original is left alone."""
    return walked(schema, _visit)


def _tool(tool: ToolDefinition) -> ToolDefinition:
    try:
        return replace(tool, parameters_json_schema=gemini_schema(tool.parameters_json_schema))
    except UserError as error:
        raise UserError(f'Tool {tool.name!r}: {error}') from None


def _visit(schema: Schema) -> None:
    if (const := schema.pop('const', None)) is not None:
        schema['enum'] = [const]
        if 'type' not in schema and type(const) in _TYPES:
            schema['type'] = _TYPES[type(const)]
    for key in _REFUSED:
        schema.pop(key, None)
    _fold_options(schema)
    if schema.get('type') == 'string' and (kind := schema.pop('format', None)):
        described = schema.get('description')
        schema['description'] = f'{described} (format: {kind})' if described else f'Format: {kind}'


def _fold_options(schema: Schema) -> None:
    """Choices that are each described, as one `enum`: Gemini does not hold itself to them otherwise."""
    options = _options(schema)
    types = {option.get('type') for option in options}
    if len(types) != 1 or 'enum' in schema or not {schema.get('type')} <= {None, *types}:
        return
    del schema['anyOf']
    schema['enum'] = [option['enum'][0] for option in options]
    if (kind := types.pop()) is not None:
        schema['type'] = kind
    told = [f'{option["enum"][0]}: {option["description"]}' for option in options if option.get('description')]
    if told:
        schema['description'] = '\n'.join([*filter(None, [schema.get('description')]), *told])


def _options(schema: Schema) -> list[Schema]:
    """The members of `anyOf` if each of them is one value, perhaps described; else none."""
    members = cast('list[Any]', schema.get('anyOf') or [])
    fits = all(
        isinstance(member, dict)
        and len(cast(Schema, member).get('enum', ())) == 1
        and cast(Schema, member).keys() <= _OPTION
        for member in members
    )
    return members if fits else []
