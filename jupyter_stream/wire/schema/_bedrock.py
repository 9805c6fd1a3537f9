"""JSON schemas as Bedrock's strict tools and strict answers take them.

https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, and what the service refuses beyond that
page: the exclusive limits of numbers, and `contains` for some vendors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final, cast

from jupyter_stream.exceptions import UserError
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Converse
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.schema import walked

__all__ = ('rewritten',)

Schema = dict[str, Any]

_LIMITS: Final = ('minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf')
_REFUSED: Final[Mapping[str, tuple[str, ...]]] = {'number': _LIMITS, 'integer': _LIMITS, 'array': ('maxItems',)}
_MAY_NOT_CONTAIN: Final = ('no_contains', 'claude')
_LOOKS_AROUND: Final = ('(?=', '(?!', '(?<=', '(?<!', '(?P=')


def rewritten(known: Converse, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters with their schemas as the model takes them. Only what was asked to be strict is made so.

    Raises:
        UserError: a schema is malformed.
    """
    if known.schema is None:
        return parameters
    return replace(
        parameters,
        function_tools=[_tool(known.schema, tool) for tool in parameters.function_tools],
        output_tools=[_tool(known.schema, tool) for tool in parameters.output_tools],
        output_object=_output(known.schema, parameters.output_object),
    )


def _tool(style: str, tool: ToolDefinition) -> ToolDefinition:
    strict = tool.strict is True
    try:
        schema = _rewritten(style, tool.parameters_json_schema, strict)
    except UserError as error:
        raise UserError(f'Tool {tool.name!r}: {error}') from None
    return replace(tool, parameters_json_schema=schema, strict=strict)


def _output(style: str, output: OutputObjectDefinition | None) -> OutputObjectDefinition | None:
    if output is None:
        return None
    strict = output.strict is True
    return replace(output, json_schema=_rewritten(style, output.json_schema, strict), strict=strict)


def _rewritten(style: str, schema: Mapping[str, Any], strict: bool) -> Schema:
    return walked(schema, partial(_visit_strict, style) if strict else _visit)


def _visit(schema: Schema) -> None:
    schema.pop('title', None)
    schema.pop('$schema', None)


def _visit_strict(style: str, schema: Schema) -> None:
    _visit(schema)
    if schema.get('type') == 'object':
        schema['additionalProperties'] = False
    refused = {key: schema.pop(key) for key in _refused(style, schema)}
    if refused:
        # What cannot be enforced is at least told.
        note = ', '.join(f'{key}={value}' for key, value in refused.items())
        described = schema.get('description')
        schema['description'] = f'{described} ({note})' if described else note


def _refused(style: str, schema: Schema) -> list[str]:
    kind: Any = schema.get('type')
    kinds = cast('list[Any]', kind) if isinstance(kind, list) else [kind]
    keys: list[str] = [*_REFUSED.get(kind, ())] if isinstance(kind, str) else []
    if style in _MAY_NOT_CONTAIN and ('array' in kinds if style == 'claude' else kind == 'array'):
        keys.append('contains')
    if kind == 'array' and schema.get('minItems', 0) > 1:
        keys.append('minItems')
    refused = [key for key in keys if key in schema]
    pattern = schema.get('pattern')
    if isinstance(pattern, str) and _is_refused(pattern):
        refused.append('pattern')
    return refused


def _is_refused(pattern: str) -> bool:
    """Whether a regular expression looks around or refers back, which the service takes any escaped digit for."""
    escaped = in_class = False
    for index, character in enumerate(pattern):
        if escaped:
            if character.isdecimal():
                return True
            escaped = False
        elif character == '\\':
            escaped = True
        elif in_class:
            in_class = character != ']'
        elif character == '[':
            in_class = True
        elif pattern.startswith(_LOOKS_AROUND, index):
            return True
    return False
