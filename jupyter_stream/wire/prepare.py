"""What every protocol does to a request's parameters and settings before it writes them.

What does not apply is left out, what cannot be done is refused. Pure: what came in is left alone.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from jupyter_stream.exceptions import UnsupportedSettingWarning, UserError
from jupyter_stream.messages import InstructionPart, ModelMessage, ModelRequest
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.schema import rewrite

__all__ = (
    'described',
    'extra_body',
    'instructions',
    'prepared',
    'relevant',
    'resolved',
    'supported',
    'without',
    'without_resolved',
)

_PROMPTED_OUTPUT: Final = """
Always respond with a JSON object that's compatible with this schema:

{schema}

Don't include any text or Markdown fencing before or after.
"""


_RESOLVED: Final = frozenset({'thinking', 'cache'})
"""Settings that have a place of their own in the parameters."""


def relevant(parameters: ModelRequestParameters) -> ModelRequestParameters:
    """The parameters without what their output mode makes meaningless."""
    parameters = parameters.with_default_output_mode('tool')
    changes: dict[str, Any] = {}
    if parameters.output_tools and parameters.output_mode not in ('tool', 'tool_or_text'):
        changes['output_tools'] = []
    if parameters.output_object and parameters.output_mode not in ('native', 'prompted'):
        changes['output_object'] = None
    return replace(parameters, **changes) if changes else parameters


def prepared(profile: Profile, parameters: ModelRequestParameters, settings: ModelSettings) -> ModelRequestParameters:
    """The parameters as a model of this profile can take them: schemas rewritten, instructions and thinking settled.

    Raises:
        UserError: the model cannot do what they ask for.
    """
    parameters = relevant(parameters)
    _check(profile, parameters)
    return replace(
        parameters,
        function_tools=[_tool(profile, tool) for tool in parameters.function_tools],
        output_tools=[_tool(profile, tool) for tool in parameters.output_tools],
        output_object=_output(profile, parameters.output_object),
        thinking=_thinking(profile, parameters, settings),
    )


def resolved(target: Target, settings: ModelSettings, parameters: ModelRequestParameters) -> ModelRequestParameters:
    """`prepared` as `WireProtocol.resolved`, for the protocols that do no more to the parameters.

    Raises:
        UserError: the model cannot do what they ask for.
    """
    return prepared(target.profile, parameters, settings)


def described(parameters: ModelRequestParameters) -> ModelRequestParameters:
    """Parameters that are `prepared`, with all that is settled later written in: for a trace, not for the wire."""
    if parameters.output_mode == 'prompted' and parameters.prompted_output_template is None:
        parameters = replace(parameters, prompted_output_template=_PROMPTED_OUTPUT)
    parts = parameters.instruction_parts
    if schema := _schema_instruction(parameters):
        parts = InstructionPart.sorted([*(parts or []), InstructionPart(schema)])
    return replace(
        parameters,
        instruction_parts=parts,
        native_tools=list({tool.unique_id: tool for tool in parameters.native_tools}.values()),
        tool_visibility={tool.name: parameters.visibility_of(tool.name) for tool in parameters.function_tools},
    )


def without_resolved(settings: ModelSettings) -> ModelSettings:
    """The settings without those that the parameters hold once they are `described`."""
    return cast(ModelSettings, {name: value for name, value in settings.items() if name not in _RESOLVED})


def instructions(messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> list[str]:
    """What is said to the model before the messages, in order; `parameters` must be `prepared`.

    That is `instruction_parts` as they stand, or what the history says where there are none. The schema of a prompted
    answer comes after whatever stays the same; only then are the parts sorted.
    """
    parts = parameters.instruction_parts
    if parts is None:
        parts = [InstructionPart(text) for text in _last_said(messages)]
    if schema := _schema_instruction(parameters):
        parts = InstructionPart.sorted([*parts, InstructionPart(schema)])
    return [part.content for part in parts]


def _last_said(messages: Sequence[ModelMessage]) -> list[str]:
    """The last instructions in the history, which hold until there are others."""
    said = (message.instructions for message in reversed(messages) if isinstance(message, ModelRequest))
    return [text for text in [next((text for text in said if text is not None), None)] if text]


def _check(profile: Profile, parameters: ModelRequestParameters) -> None:
    if parameters.output_mode == 'native' and not profile.json_schema_output:
        raise UserError('Native structured output is not supported by this model: use the output mode `tool`.')
    if parameters.output_mode == 'native' and parameters.output_object is None:
        raise UserError('The output mode `native` needs an `output_object`.')
    if parameters.output_mode == 'tool' and parameters.output_tools and not profile.tools:
        raise UserError('Tool output is not supported by this model: use the output mode `prompted`.')
    if parameters.allow_image_output and not profile.image_output:
        raise UserError('Image output is not supported by this model.')


def _tool(profile: Profile, tool: ToolDefinition) -> ToolDefinition:
    try:
        schema, strict = rewrite(tool.parameters_json_schema, profile.schema, tool.strict)
    except UserError as error:
        raise UserError(f'Tool {tool.name!r}: {error}') from None
    return replace(tool, parameters_json_schema=schema, strict=strict)


def _output(profile: Profile, output: OutputObjectDefinition | None) -> OutputObjectDefinition | None:
    if output is None:
        return None
    schema, strict = rewrite(output.json_schema, profile.schema, output.strict)
    return replace(output, json_schema=schema, strict=strict)


def _thinking(profile: Profile, parameters: ModelRequestParameters, settings: ModelSettings) -> Any:
    applies = 'thinking' in settings and (profile.thinks or profile.always_thinks)
    return settings.get('thinking') if applies else parameters.thinking


def _schema_instruction(parameters: ModelRequestParameters) -> str | None:
    template, output = parameters.prompted_output_template, parameters.output_object
    if parameters.output_mode != 'prompted' or output is None or template is False:
        return None
    template = template or _PROMPTED_OUTPUT
    if '{schema}' not in template:
        template += '\n\n{schema}'
    named = {'title': output.name, 'description': output.description}
    schema = {**output.json_schema, **{key: value for key, value in named.items() if value}}
    return template.replace('{schema}', json.dumps(schema))


# ---------------------------------------------------------------- settings


_WISHES: Final = ('cache', 'citations')
"""Settings that few protocols have a word for; set to False, they ask for nothing."""


def supported(
    target: Target, settings: Mapping[str, Any], unknown: Iterable[str], granted: Collection[str] = ()
) -> dict[str, Any]:
    """The settings without the `unknown` ones; those that are set get one `UnsupportedSettingWarning`.

    To think is unknown to a model that does not; not to think is what it does anyway. `granted` are the wishes
    (`cache`, `citations`) that the protocol knows and the model grants.
    """
    dropped = [name for name in unknown if settings.get(name) is not None]
    dropped += [name for name in _WISHES if name not in granted and settings.get(name)]
    if settings.get('thinking') and not (target.profile.thinks or target.profile.always_thinks):
        dropped.append('thinking')
    if dropped:
        warnings.warn(
            f'{target.provider.title} model {target.model_name!r} does not take these settings, they are left out: '
            f'{", ".join(dropped)}.',
            UnsupportedSettingWarning,
            stacklevel=3,
        )
    return {name: value for name, value in settings.items() if name not in dropped}


def without(settings: ModelSettings, prefix: str) -> ModelSettings:
    """The settings without another provider's own, whose names begin with `prefix`; those need no warning."""
    return cast(ModelSettings, {name: value for name, value in settings.items() if not name.startswith(prefix)})


def extra_body(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the setting `extra_body` adds to a request's body.

    Raises:
        UserError: it is no dict.
    """
    extra = settings.get('extra_body')
    if extra is None:
        return {}
    if not isinstance(extra, Mapping):
        raise UserError(f'The setting `extra_body` must be a dict, not {type(extra).__name__}.')
    return cast(Mapping[str, Any], extra)
