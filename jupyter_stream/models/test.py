"""A model for tests: it calls every tool it is given, then answers, with data made from the tools' JSON schemas."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, count
from typing import Any, ClassVar, Literal

from pydantic_core import to_json, to_jsonable_python

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    ModelResponsePart,
    ModelResponseStreamEvent,
    RetryPromptPart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from jupyter_stream.models._offline import OfflineModel, estimate_tokens, estimate_usage
from jupyter_stream.models._sample import sample
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import StreamedResponse
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.tools import ToolDefinition
from jupyter_stream.usage import RequestUsage

__all__ = ('TestModel', 'TestStreamedResponse')

SYSTEM = 'test'


@dataclass(init=False, repr=False)
class TestModel(OfflineModel):
    """Answers without a provider, the same for the same input.

    The first answer calls the function tools. The next one, or the first without tools, is the final one:
    `custom_output_text`, a call of the output tool (with `custom_output_args`, or with data made from its schema), or
    a text that tells what the tools returned. A tool whose return asks for another try is called again.

    Attributes:
        call_tools: names of the function tools to call, each as often as it is named; 'all' calls each once.
        custom_output_text: the text of the final answer.
        custom_output_args: the arguments of the call of the output tool.
        seed: a number that decides the data, and which of several output tools is called.
        last_model_request_parameters: the parameters of the last request, as they applied; None before the first.
    """

    __test__: ClassVar[bool] = False

    call_tools: list[str] | Literal['all'] = 'all'
    custom_output_text: str | None = None
    custom_output_args: Any | None = None
    seed: int = 0
    last_model_request_parameters: ModelRequestParameters | None = None
    _model_name: str = field(default='test', repr=False)

    def __init__(
        self,
        *,
        call_tools: list[str] | Literal['all'] = 'all',
        custom_output_text: str | None = None,
        custom_output_args: Any | None = None,
        seed: int = 0,
        model_name: str = 'test',
        settings: ModelSettings | None = None,
    ) -> None:
        super().__init__(settings=settings)
        self.call_tools = call_tools
        self.custom_output_text = custom_output_text
        self.custom_output_args = custom_output_args
        self.seed = seed
        self.last_model_request_parameters = None
        self._model_name = model_name

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def system(self) -> str:
        return SYSTEM

    async def request(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        parameters = self._applied(model_settings, model_request_parameters)
        response = ModelResponse(
            parts=self._answer(messages, parameters), model_name=self._model_name, provider_name=SYSTEM
        )
        return replace(response, usage=estimate_usage([*messages, response]))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: Sequence[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: object = None,
    ) -> AsyncGenerator[StreamedResponse]:
        parameters = self._applied(model_settings, model_request_parameters)
        parts = self._answer(messages, parameters)
        stream = TestStreamedResponse(parameters, self._model_name, parts, estimate_usage(messages))
        try:
            yield stream
        finally:
            await stream.aclose()

    def gen_tool_args(self, tool_def: ToolDefinition) -> Any:
        """The arguments that a tool is called with."""
        return sample(tool_def.parameters_json_schema, self.seed)

    # ---------------------------------------------------------------- answering

    def _applied(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> ModelRequestParameters:
        _, parameters = self.prepare_request(model_settings, model_request_parameters)
        self.last_model_request_parameters = parameters
        if parameters.native_tools:
            raise UserError('TestModel does not support built-in tools')
        return parameters

    def _answer(
        self, messages: Sequence[ModelMessage], parameters: ModelRequestParameters
    ) -> Sequence[ModelResponsePart]:
        tools = self._tools_to_call(parameters)
        args = self._output_args(parameters)
        if tools and not any(isinstance(message, ModelResponse) for message in messages):
            return self._calls(tools)
        if messages and (again := _tools_to_retry(messages[-1])):
            return self._retries(again, tools, parameters.output_tools, args)
        if self._answers_in_text(parameters):
            return [TextPart(self._text(messages))]
        output_tool = parameters.output_tools[self.seed % len(parameters.output_tools)]
        return [self._output_call(output_tool, args)]

    def _tools_to_call(self, parameters: ModelRequestParameters) -> list[ToolDefinition]:
        callable_tools = [t for t in parameters.function_tools if parameters.visibility_of(t.name) != 'withheld']
        if self.call_tools == 'all':
            return callable_tools
        tools = {tool.name: tool for tool in callable_tools}
        if unknown := next((name for name in self.call_tools if name not in tools), None):
            if unknown in parameters.tool_defs:
                raise UserError(f'Tool {unknown!r} is withheld from the model, so `TestModel` cannot call it.')
            raise UserError(f'TestModel was configured to call unknown tool {unknown!r}.')
        return [tools[name] for name in self.call_tools]

    def _answers_in_text(self, parameters: ModelRequestParameters) -> bool:
        if self.custom_output_text is not None or self.custom_output_args is not None:
            return self.custom_output_text is not None
        return parameters.allow_text_output or not parameters.output_tools

    def _output_args(self, parameters: ModelRequestParameters) -> Any | None:
        """What the output tool is called with; None to make it from the tool's schema."""
        text, args = self.custom_output_text, self.custom_output_args
        if text is not None and args is not None:
            raise UserError('Cannot set both `custom_output_text` and `custom_output_args`.')
        if text is not None and parameters.output_mode == 'tool':
            raise UserError('Plain response not allowed, but `custom_output_text` is set.')
        if args is None:
            return None
        if not parameters.output_tools:
            raise UserError('No output tools provided, but `custom_output_args` is set.')
        key = parameters.output_tools[0].outer_typed_dict_key
        return to_jsonable_python({key: args} if key else args)

    def _calls(self, tools: list[ToolDefinition]) -> list[ModelResponsePart]:
        taken: set[str] = set()
        parts: list[ModelResponsePart] = []
        for tool in tools:
            first = _call_id(tool)
            # A tool may be called twice, and another may be named like the second id.
            call_id = next(i for i in chain([first], (f'{first}__{n}' for n in count(2))) if i not in taken)
            taken.add(call_id)
            parts.append(ToolCallPart(tool.name, self.gen_tool_args(tool), call_id))
        return parts

    def _retries(
        self, names: set[str], tools: list[ToolDefinition], output_tools: list[ToolDefinition], args: Any | None
    ) -> list[ModelResponsePart]:
        calls: list[ModelResponsePart] = [
            ToolCallPart(tool.name, self.gen_tool_args(tool)) for tool in tools if tool.name in names
        ]
        return calls + [self._output_call(tool, args) for tool in output_tools if tool.name in names]

    def _output_call(self, tool: ToolDefinition, args: Any | None) -> ToolCallPart:
        return ToolCallPart(tool.name, self.gen_tool_args(tool) if args is None else args, _call_id(tool))

    def _text(self, messages: Sequence[ModelMessage]) -> str:
        if self.custom_output_text is not None:
            return self.custom_output_text
        requests = (message for message in messages if isinstance(message, ModelRequest))
        parts = (part for request in requests for part in request.parts)
        returned = {part.tool_name: part.content for part in parts if isinstance(part, ToolReturnPart)}
        return to_json(returned).decode() if returned else 'success (no tool calls)'


def _call_id(tool: ToolDefinition) -> str:
    return f'pyd_ai_tool_call_id__{tool.name}'


def _tools_to_retry(message: ModelMessage) -> set[str]:
    if not isinstance(message, ModelRequest):
        raise UserError('The last message is a response; a request must follow it.')
    retried = {p.tool_name for p in message.parts if isinstance(p, ToolReturnPart) and p.outcome == 'retried'}
    return retried | {p.tool_name for p in message.parts if isinstance(p, RetryPromptPart) and p.tool_name}


class TestStreamedResponse(StreamedResponse):
    """The parts of an answer as a stream: a text word by word, a tool call at once."""

    __test__ = False

    def __init__(
        self,
        model_request_parameters: ModelRequestParameters,
        model_name: str,
        answer: Sequence[ModelResponsePart],
        usage: RequestUsage,
    ) -> None:
        super().__init__(model_request_parameters)
        self.parts = PartsManager(model_request_parameters, provider_name=SYSTEM)
        self._model_name = model_name
        self._answer = answer
        self._usage = usage

    @property
    def model_name(self) -> str:
        return self._model_name

    @property
    def provider_name(self) -> str:
        return SYSTEM

    async def _batches(self) -> AsyncGenerator[list[ModelResponseStreamEvent]]:
        for index, part in enumerate(self._answer):
            words = ['', *_words(part.content)] if isinstance(part, TextPart) else [None]
            for word in words:
                if self._cancelled:
                    return
                if word is None:
                    self.parts.part(index, part)
                else:
                    self._usage += RequestUsage(output_tokens=estimate_tokens(word))
                    self.parts.text(index, word)
                yield self.parts.take()
        self.parts.finish()
        yield self.parts.take()


def _words(text: str) -> list[str]:
    """The words, each with the space after it; a single one in two halves, so that there is something to join."""
    *words, last = text.split(' ')
    if not words and len(text) > 2:
        middle = len(text) // 2
        return [text[:middle], text[middle:]]
    return [*(f'{word} ' for word in words), last]
