"""The tools of a request: functions, which of them may be called, and Gemini's own by their names here and there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.native_tools import (
    AbstractNativeTool,
    CodeExecutionTool,
    FileSearchTool,
    ImageGenerationTool,
    WebFetchTool,
    WebSearchTool,
)
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Gemini
from jupyter_stream.settings import ModelSettings
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.tool_choice import tool_choice

__all__ = (
    'CODE',
    'FILE_SEARCH',
    'MEDIA',
    'NATIVE_NAMES',
    'TOOL_TYPES',
    'WEB_FETCH',
    'WEB_SEARCH',
    'image_config',
    'native_tools',
    'tools_and_config',
)

CODE: Final = CodeExecutionTool.kind
FILE_SEARCH: Final = FileSearchTool.kind
WEB_FETCH: Final = WebFetchTool.kind
WEB_SEARCH: Final = WebSearchTool.kind
MEDIA: Final = 'media_processing'
"""A step that Gemini takes by itself over a video; no tool of a request asks for it."""

TOOL_TYPES: Final[Mapping[str, str]] = {
    WEB_SEARCH: 'GOOGLE_SEARCH_WEB',
    WEB_FETCH: 'URL_CONTEXT',
    FILE_SEARCH: 'FILE_SEARCH',
}
NATIVE_NAMES: Final[Mapping[str, str]] = {
    **{wire_name: name for name, wire_name in TOOL_TYPES.items()},
    'MEDIA_PROCESSING': MEDIA,
}


Part = dict[str, Any]

_MODES: Final[Mapping[str, str]] = {'auto': 'AUTO', 'none': 'NONE', 'required': 'ANY'}
_NATIVE: Final[Mapping[type[AbstractNativeTool], str]] = {
    WebSearchTool: 'googleSearch',
    WebFetchTool: 'urlContext',
    CodeExecutionTool: 'codeExecution',
}
_IMAGE_SIZES: Final = ('512', '1K', '2K', '4K')


def tools_and_config(
    target: Target, settings: ModelSettings, parameters: ModelRequestParameters
) -> tuple[list[Part], Part]:
    """`tools` and `toolConfig`; either is empty where there is nothing to say.

    Raises:
        UserError: the model cannot take these tools.
    """
    known = target.profile.gemini
    own = native_tools(target, parameters)
    if parameters.function_tools and not target.profile.tools:
        raise UserError(f'{target.provider.title} model {target.model_name!r} cannot call tools: leave them out.')
    if own and parameters.function_tools and not known.combines_tools:
        raise UserError(
            f'{target.provider.title} model {target.model_name!r} takes function tools or native tools, not both.'
        )
    choice = tool_choice(settings, parameters)
    declared = parameters.declared_tool_defs
    allowed = [name for name in declared if choice.names is None or name in choice.names]
    if choice.mode == 'auto':
        declared = {name: declared[name] for name in allowed}  # a list of names goes with no other mode than ANY
    config: Part = {}
    if declared:
        calling: Part = {'mode': _mode(known, choice.mode, declared)}
        config['functionCallingConfig'] = calling
        if choice.mode != 'auto' and choice.names is not None:
            calling['allowedFunctionNames'] = allowed
    wire_tools = [wire_tool for tool in own if (wire_tool := _native(tool))]
    if wire_tools and known.echoes_tools:
        config['includeServerSideToolInvocations'] = True
    functions = [_declaration(tool) for tool in declared.values()]
    return ([{'functionDeclarations': functions}] if functions else []) + wire_tools, config


def _mode(known: Gemini, mode: str, declared: Mapping[str, ToolDefinition]) -> str:
    held = known.validated and all(tool.strict is not False for tool in declared.values())
    return 'VALIDATED' if held and mode == 'auto' else _MODES[mode]


def _declaration(tool: ToolDefinition) -> Part:
    declaration: Part = {
        'name': tool.name,
        'description': tool.description or '',
        'parameters_json_schema': tool.parameters_json_schema,
    }
    if tool.return_schema and tool.include_return_schema:
        declaration['response_json_schema'] = tool.return_schema
    return declaration


# ------------------------------------------------------------------ native tools


def native_tools(target: Target, parameters: ModelRequestParameters) -> list[AbstractNativeTool]:
    """Those of the native tools that the model has.

    Raises:
        UserError: it lacks one that is not optional.
    """
    known = (*_NATIVE, FileSearchTool, *((ImageGenerationTool,) if target.profile.image_output else ()))
    for tool in parameters.native_tools:
        if not isinstance(tool, known) and not tool.optional:
            raise UserError(_no_such_tool(target, tool))
    return [tool for tool in parameters.native_tools if isinstance(tool, known)]


def _no_such_tool(target: Target, tool: AbstractNativeTool) -> str:
    remedy = (
        "use a model with 'image' in its name"
        if isinstance(tool, ImageGenerationTool)
        else 'leave it out, or give the model a tool of your own'
    )
    return f'{target.provider.title} model {target.model_name!r} has no native tool {type(tool).__name__}: {remedy}.'


def _native(tool: AbstractNativeTool) -> Part | None:
    if isinstance(tool, FileSearchTool):
        return {'fileSearch': {'file_search_store_names': list(tool.file_store_ids)}}
    name = next((name for kind, name in _NATIVE.items() if isinstance(tool, kind)), None)
    return {name: {}} if name else None


def image_config(target: Target, parameters: ModelRequestParameters) -> Part | None:
    """`imageConfig`, from the ImageGenerationTool; None without one.

    Raises:
        UserError: the tool asks for what Gemini cannot do.
    """
    tool = next((tool for tool in native_tools(target, parameters) if isinstance(tool, ImageGenerationTool)), None)
    if tool is None:
        return None
    if tool.size is not None and tool.size not in _IMAGE_SIZES:
        raise UserError(f'The size of an image from Gemini must be one of {", ".join(_IMAGE_SIZES)}, not {tool.size}.')
    said = {'aspect_ratio': tool.aspect_ratio, 'image_size': tool.size}
    if target.profile.gemini.image_formats:
        said |= _image_format(tool)
    return {name: value for name, value in said.items() if value is not None}


def _image_format(tool: ImageGenerationTool) -> Part:
    kind, quality = tool.output_format, tool.output_compression
    if quality is None:
        return {'output_mime_type': kind and f'image/{kind}'}
    if not 0 <= quality <= 100 or kind not in (None, 'jpeg'):
        raise UserError('`output_compression` must be from 0 to 100, and goes with the format jpeg only.')
    return {'output_mime_type': 'image/jpeg', 'output_compression_quality': quality}
