"""What every protocol does to parameters, and which tools a request allows."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    InstructionPart,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolReturnPart,
    UserPromptPart,
)
from jupyter_stream.output import OutputObjectDefinition
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.profiles import Profile
from jupyter_stream.settings import ToolOrOutput
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.wire.prepare import instructions, prepared, relevant
from jupyter_stream.wire.tool_choice import ToolChoice, forced, tool_choice

TOOL = ToolDefinition(name='f')
OUTPUT = ToolDefinition(name='out', kind='output')
OBJECT = OutputObjectDefinition({'type': 'object'})


@pytest.mark.parametrize(
    ('mode', 'tools', 'has_object'),
    [('text', 0, False), ('tool', 1, False), ('tool_or_text', 1, False), ('native', 0, True), ('prompted', 0, True)],
)
def test_the_output_mode_decides_what_counts(mode: Any, tools: int, has_object: bool) -> None:
    found = relevant(ModelRequestParameters(output_mode=mode, output_tools=[OUTPUT], output_object=OBJECT))
    assert (len(found.output_tools), found.output_object is not None) == (tools, has_object)


def test_auto_is_a_tool() -> None:
    found = relevant(ModelRequestParameters(output_mode='auto', output_tools=[OUTPUT]))
    assert (found.output_mode, found.allow_text_output, len(found.output_tools)) == ('tool', False, 1)


@pytest.mark.parametrize(
    ('parameters', 'profile', 'says'),
    [
        ({'output_mode': 'native', 'output_object': OBJECT}, Profile(), 'Native'),
        ({'output_mode': 'native'}, Profile(json_schema_output=True), 'needs an `output_object`'),
        ({'output_mode': 'tool', 'output_tools': [OUTPUT]}, Profile(tools=False), 'Tool output'),
        ({'allow_image_output': True}, Profile(), 'Image output'),
        ({'function_tools': [ToolDefinition(name='bad', parameters_json_schema={'allOf': [1]})]}, Profile(), "'bad'"),
    ],
)
def test_what_the_model_can_not_do(parameters: dict[str, Any], profile: Profile, says: str) -> None:
    with pytest.raises(UserError, match=says):
        prepared(profile, ModelRequestParameters(**parameters), {})


def test_thinking_is_for_models_that_think() -> None:
    assert prepared(Profile(), ModelRequestParameters(), {'thinking': True}).thinking is None
    assert prepared(Profile(thinks=True), ModelRequestParameters(), {'thinking': 'low'}).thinking == 'low'


ONLY_OUTPUT = {'output_tools': [OUTPUT], 'allow_text_output': False}
BOTH = {'function_tools': [TOOL], **ONLY_OUTPUT}


@pytest.mark.parametrize(
    ('wanted', 'parameters', 'expected'),
    [
        ('auto', {'function_tools': [TOOL]}, ToolChoice('auto')),
        (None, BOTH, ToolChoice('required')),
        ('none', BOTH, ToolChoice('required', frozenset({'out'}))),
        ('none', ONLY_OUTPUT, ToolChoice('required')),
        ('none', {'function_tools': [TOOL]}, ToolChoice('none')),
        (['f'], BOTH, ToolChoice('required', frozenset({'f'}))),
        (['f', 'out'], BOTH, ToolChoice('required')),
        (ToolOrOutput(['f']), BOTH, ToolChoice('required')),
        (ToolOrOutput([]), BOTH, ToolChoice('required', frozenset({'out'}))),
        (ToolOrOutput([]), {'function_tools': [TOOL]}, ToolChoice('none')),
    ],
)
def test_tool_choice(wanted: Any, parameters: dict[str, Any], expected: ToolChoice) -> None:
    assert tool_choice({'tool_choice': wanted}, ModelRequestParameters(**parameters)) == expected


def test_names_that_there_are_not() -> None:
    parameters = ModelRequestParameters(function_tools=[TOOL])
    with pytest.raises(UserError, match='no function tools'):
        tool_choice({'tool_choice': 'required'}, ModelRequestParameters())
    with pytest.warns(UserWarning, match='ghost'):
        assert tool_choice({'tool_choice': ['f', 'ghost']}, parameters) == ToolChoice('required')


def test_who_demands_a_call() -> None:
    assert forced({'tool_choice': 'required'}) and forced({'tool_choice': ['f']})
    assert not forced({'tool_choice': []}) and not forced({'tool_choice': 'auto'}) and not forced({})


STATIC, DYNAMIC = InstructionPart('static'), InstructionPart('dynamic', dynamic=True)
PROMPTED: dict[str, Any] = {
    'output_mode': 'prompted',
    'output_object': OBJECT,
    'prompted_output_template': 'schema {schema}',
}
SCHEMA = 'schema {"type": "object"}'


@pytest.mark.parametrize(
    ('parts', 'more', 'expected'),
    [
        ([DYNAMIC, STATIC], {}, ['dynamic', 'static']),
        ([DYNAMIC, STATIC], PROMPTED, ['static', SCHEMA, 'dynamic']),
        ([], {}, []),
        (None, {}, ['said']),
        (None, PROMPTED, ['said', SCHEMA]),
    ],
)
def test_instructions_stand_as_given_and_a_schema_after_what_lasts(parts: Any, more: Any, expected: list[str]) -> None:
    parameters = ModelRequestParameters(instruction_parts=parts, **more)
    history = [ModelRequest([UserPromptPart('Hi')], instructions='said')]
    assert instructions(history, parameters) == expected


RETURN = ModelRequest([ToolReturnPart('f', 1, 't1')])
ASKED = ModelRequest([UserPromptPart('Hi')])
TOLD = ModelRequest([UserPromptPart('Hi')], instructions='said')


@pytest.mark.parametrize(
    ('history', 'expected'),
    [
        ([TOLD, RETURN], ['said']),
        ([TOLD, ModelResponse([TextPart('Yes')]), ASKED], ['said']),
        ([TOLD, ModelRequest([UserPromptPart('Hi')], instructions='later')], ['later']),
        ([ModelRequest([UserPromptPart('Hi')], instructions='')], []),
        ([], []),
    ],
)
def test_which_instructions_of_a_history_still_hold(history: Any, expected: list[str]) -> None:
    assert instructions(history, ModelRequestParameters()) == expected
