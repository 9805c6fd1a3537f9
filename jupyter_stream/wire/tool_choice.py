"""Which tools a request allows and whether one must be called, in one form for all protocols."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

from jupyter_stream.exceptions import UserError
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings, ToolOrOutput
from jupyter_stream.tools import ToolDefinition

__all__ = ('ToolChoice', 'forced', 'tool_choice')

Mode = Literal['auto', 'none', 'required']


@dataclass(frozen=True)
class ToolChoice:
    """`mode`, and the names that may be called; `names` is None where all may."""

    mode: Mode
    names: frozenset[str] | None = None


def tool_choice(settings: ModelSettings, parameters: ModelRequestParameters) -> ToolChoice:
    """Settle the `tool_choice` setting against the tools of the request.

    None and 'auto' leave it to the model, unless only a tool can be the answer. 'none' and an empty list forbid the
    function tools, not the output tools. A list of names demands one of these; `ToolOrOutput` allows these and any
    answer.

    Raises:
        UserError: it demands tools that the request does not define.
    """
    wanted = settings.get('tool_choice')
    if wanted is None or wanted == 'auto':
        return ToolChoice(_free(parameters))
    if wanted == 'none' or wanted == []:
        return _only_output(parameters)
    if wanted == 'required':
        return _required(parameters)
    if isinstance(wanted, ToolOrOutput):
        return _tool_or_output(wanted, parameters)
    return _these(frozenset(wanted), parameters)


def forced(settings: ModelSettings) -> bool:
    """Whether the user, and not the form of the answer, demands that a tool is called."""
    wanted = settings.get('tool_choice')
    return wanted == 'required' or (isinstance(wanted, list) and bool(wanted))


def _free(parameters: ModelRequestParameters) -> Mode:
    return 'auto' if parameters.allow_text_output or parameters.allow_image_output else 'required'


def _only_output(parameters: ModelRequestParameters) -> ToolChoice:
    if not parameters.output_tools:
        return ToolChoice('none')
    if not parameters.function_tools:
        return ToolChoice(_free(parameters))
    return ToolChoice(_free(parameters), _names(parameters.output_tools))


def _required(parameters: ModelRequestParameters) -> ToolChoice:
    if not parameters.declared_function_tools:
        raise UserError("`tool_choice` is 'required', but there are no function tools: define some or leave it out.")
    return ToolChoice('required')


def _these(names: frozenset[str], parameters: ModelRequestParameters) -> ToolChoice:
    known = frozenset(parameters.declared_tool_defs)
    names = _known(names, known)
    return ToolChoice('required', None if names == known else names)


def _tool_or_output(wanted: ToolOrOutput, parameters: ModelRequestParameters) -> ToolChoice:
    output = _names(parameters.output_tools)
    mode = _free(parameters)
    if not wanted.function_tools:
        return ToolChoice(mode, output) if output else ToolChoice('none')
    names = _known(frozenset(wanted.function_tools), _names(parameters.declared_function_tools)) | output
    return ToolChoice(mode, None if names == frozenset(parameters.declared_tool_defs) else names)


def _known(names: frozenset[str], known: frozenset[str]) -> frozenset[str]:
    missing = sorted(names - known)
    if len(missing) == len(names):
        raise UserError(f'`tool_choice` names only unknown tools, {missing}: choose from {sorted(known) or "none"}.')
    if missing:
        warnings.warn(f'`tool_choice` names unknown tools, which are left out: {missing}.', UserWarning, stacklevel=2)
    return names & known


def _names(tools: list[ToolDefinition]) -> frozenset[str]:
    return frozenset(tool.name for tool in tools)
