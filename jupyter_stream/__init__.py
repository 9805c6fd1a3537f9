"""Ask a language model from a notebook cell and watch the answer grow in place below it.

`%load_ext jupyter_stream` gives `%ask` and `%%ask`; `ask` and `aask` do the same by a call; the
`model_request` functions are the layer underneath; `show` shows what others have asked, and `explore`
opens a panel to try models with. All of them are loaded when they are first used: importing this package
loads nothing else.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jupyter_stream.cassettes import cassette
    from jupyter_stream.concurrency import (
        AbstractConcurrencyLimiter,
        AnyConcurrencyLimit,
        ConcurrencyLimit,
        ConcurrencyLimiter,
    )
    from jupyter_stream.conversation.thread import Thread
    from jupyter_stream.conversation.turn import Turn
    from jupyter_stream.direct import model_request, model_request_stream, model_request_stream_sync, model_request_sync
    from jupyter_stream.exceptions import (
        AgentRunError,
        CassetteError,
        CassetteMiss,
        CassetteWarning,
        ConcurrencyLimitExceeded,
        FallbackExceptionGroup,
        IncompleteToolCall,
        ModelAPIError,
        ModelAuthenticationError,
        ModelConnectionError,
        ModelContextWindowExceededError,
        ModelHTTPError,
        ModelNotFoundError,
        ModelOverloadedError,
        ModelQuotaExceededError,
        ModelRateLimitError,
        ModelRequestRejectedError,
        ModelRequestTimeout,
        ModelServerError,
        ModelTimeoutError,
        ModelUnavailableError,
        OutputTokenLimitExceeded,
        RequestTimeoutSetting,
        TransportPhase,
        UnexpectedModelBehavior,
        UnsupportedSettingWarning,
        UserError,
    )
    from jupyter_stream.messages import (
        AgentInstructionSource,
        AudioFormat,
        AudioMediaType,
        AudioUrl,
        BaseToolCallPart,
        BaseToolReturnPart,
        BinaryAudio,
        BinaryContent,
        BinaryImage,
        CachePoint,
        CapabilityInstructionSource,
        CapabilityLoadDeltaPart,
        Citation,
        CitationAnchor,
        CitationSource,
        CompactionPart,
        ContentCitationAnchor,
        DocumentCitationSource,
        DocumentFormat,
        DocumentMediaType,
        DocumentUrl,
        FilePart,
        FileUrl,
        FinalResultEvent,
        FinishReason,
        ImageFormat,
        ImageMediaType,
        ImageUrl,
        InstructionBaselinePart,
        InstructionDeltaPart,
        InstructionDigest,
        InstructionId,
        InstructionPart,
        InstructionSource,
        MarkerCitationAnchor,
        ModelMessage,
        ModelMessagesTypeAdapter,
        ModelRequest,
        ModelRequestAttempt,
        ModelRequestPart,
        ModelRequestState,
        ModelResponse,
        ModelResponsePart,
        ModelResponsePartDelta,
        ModelResponseState,
        ModelResponseStreamEvent,
        ModelSettingsDeltaPart,
        MultiModalContent,
        NativeToolCallPart,
        NativeToolReturnPart,
        PartDeltaEvent,
        PartEndEvent,
        PartStartEvent,
        RetryFeedbackPart,
        RetryInfo,
        RetryPromptPart,
        RunInstructionSource,
        SpeechPart,
        SpeechPartDelta,
        SpeechTimestamp,
        StructuredContent,
        SystemPromptPart,
        TextContent,
        TextPart,
        TextPartDelta,
        ThinkingPart,
        ThinkingPartDelta,
        ToolAvailabilityDeltaPart,
        ToolCallPart,
        ToolCallPartDelta,
        ToolReturnPart,
        ToolsetInstructionSource,
        UploadedFile,
        UserContent,
        UserPromptPart,
        VideoFormat,
        VideoMediaType,
        VideoUrl,
        WebCitationSource,
    )
    from jupyter_stream.models import infer_model
    from jupyter_stream.models.concurrency import ConcurrencyLimitedModel, limit_model_concurrency
    from jupyter_stream.models.recorded import RecordedModel
    from jupyter_stream.native_tools import (
        AdvisorTool,
        CodeExecutionTool,
        FileSearchTool,
        ImageGenerationTool,
        MCPServerTool,
        MemoryTool,
        WebFetchTool,
        WebSearchTool,
        WebSearchUserLocation,
        XSearchTool,
    )
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.notebook.ask import aask, ask, thread
    from jupyter_stream.notebook.explore import explore
    from jupyter_stream.notebook.show import show
    from jupyter_stream.settings import ModelSettings, ToolChoice, ToolOrOutput
    from jupyter_stream.tools import ToolDefinition
    from jupyter_stream.usage import RequestUsage

__all__ = (
    'AbstractConcurrencyLimiter',
    'AdvisorTool',
    'AgentInstructionSource',
    'AgentRunError',
    'Answer',
    'AnyConcurrencyLimit',
    'AudioFormat',
    'AudioMediaType',
    'AudioUrl',
    'BaseToolCallPart',
    'BaseToolReturnPart',
    'BinaryAudio',
    'BinaryContent',
    'BinaryImage',
    'CachePoint',
    'CapabilityInstructionSource',
    'CapabilityLoadDeltaPart',
    'CassetteError',
    'CassetteMiss',
    'CassetteWarning',
    'Citation',
    'CitationAnchor',
    'CitationSource',
    'CodeExecutionTool',
    'CompactionPart',
    'ConcurrencyLimit',
    'ConcurrencyLimitExceeded',
    'ConcurrencyLimitedModel',
    'ConcurrencyLimiter',
    'ContentCitationAnchor',
    'DocumentCitationSource',
    'DocumentFormat',
    'DocumentMediaType',
    'DocumentUrl',
    'FallbackExceptionGroup',
    'FilePart',
    'FileSearchTool',
    'FileUrl',
    'FinalResultEvent',
    'FinishReason',
    'ImageFormat',
    'ImageGenerationTool',
    'ImageMediaType',
    'ImageUrl',
    'IncompleteToolCall',
    'InstructionBaselinePart',
    'InstructionDeltaPart',
    'InstructionDigest',
    'InstructionId',
    'InstructionPart',
    'InstructionSource',
    'MCPServerTool',
    'MarkerCitationAnchor',
    'MemoryTool',
    'ModelAPIError',
    'ModelAuthenticationError',
    'ModelConnectionError',
    'ModelContextWindowExceededError',
    'ModelHTTPError',
    'ModelMessage',
    'ModelMessagesTypeAdapter',
    'ModelNotFoundError',
    'ModelOverloadedError',
    'ModelQuotaExceededError',
    'ModelRateLimitError',
    'ModelRequest',
    'ModelRequestAttempt',
    'ModelRequestPart',
    'ModelRequestRejectedError',
    'ModelRequestState',
    'ModelRequestTimeout',
    'ModelResponse',
    'ModelResponsePart',
    'ModelResponsePartDelta',
    'ModelResponseState',
    'ModelResponseStreamEvent',
    'ModelServerError',
    'ModelSettings',
    'ModelSettingsDeltaPart',
    'ModelTimeoutError',
    'ModelUnavailableError',
    'MultiModalContent',
    'NativeToolCallPart',
    'NativeToolReturnPart',
    'OutputTokenLimitExceeded',
    'PartDeltaEvent',
    'PartEndEvent',
    'PartStartEvent',
    'RecordedModel',
    'RequestTimeoutSetting',
    'RequestUsage',
    'RetryFeedbackPart',
    'RetryInfo',
    'RetryPromptPart',
    'RunInstructionSource',
    'SpeechPart',
    'SpeechPartDelta',
    'SpeechTimestamp',
    'StructuredContent',
    'SystemPromptPart',
    'TextContent',
    'TextPart',
    'TextPartDelta',
    'ThinkingPart',
    'ThinkingPartDelta',
    'ToolAvailabilityDeltaPart',
    'ToolCallPart',
    'ToolCallPartDelta',
    'ToolChoice',
    'ToolDefinition',
    'ToolOrOutput',
    'ToolReturnPart',
    'ToolsetInstructionSource',
    'TransportPhase',
    'UnexpectedModelBehavior',
    'UnsupportedSettingWarning',
    'UploadedFile',
    'UserContent',
    'UserError',
    'UserPromptPart',
    'VideoFormat',
    'VideoMediaType',
    'VideoUrl',
    'WebCitationSource',
    'WebFetchTool',
    'WebSearchTool',
    'WebSearchUserLocation',
    'XSearchTool',
    '__version__',
    'aask',
    'ask',
    'cassette',
    'explore',
    'infer_model',
    'limit_model_concurrency',
    'load_ipython_extension',
    'model_request',
    'model_request_stream',
    'model_request_stream_sync',
    'model_request_sync',
    'show',
    'thread',
    'unload_ipython_extension',
    'Thread',
    'Turn',
)

__version__ = '0.1.0'

# Where each name lives. The vocabulary is exported at the top as `pydantic_ai` does it, so that code written for the
# one finds it in the other.
_NAMES = {
    'jupyter_stream.cassettes': 'cassette',
    'jupyter_stream.concurrency': 'AbstractConcurrencyLimiter AnyConcurrencyLimit ConcurrencyLimit ConcurrencyLimiter',
    'jupyter_stream.direct': 'model_request model_request_stream model_request_stream_sync model_request_sync',
    'jupyter_stream.exceptions': """
        AgentRunError CassetteError CassetteMiss CassetteWarning ConcurrencyLimitExceeded
        FallbackExceptionGroup IncompleteToolCall
        ModelAPIError ModelAuthenticationError ModelConnectionError ModelContextWindowExceededError
        ModelHTTPError ModelNotFoundError ModelOverloadedError ModelQuotaExceededError
        ModelRateLimitError ModelRequestRejectedError ModelRequestTimeout ModelServerError
        ModelTimeoutError ModelUnavailableError OutputTokenLimitExceeded RequestTimeoutSetting
        TransportPhase UnexpectedModelBehavior UnsupportedSettingWarning UserError
    """,
    'jupyter_stream.messages': """
        AgentInstructionSource AudioFormat AudioMediaType AudioUrl BaseToolCallPart
        BaseToolReturnPart BinaryAudio BinaryContent BinaryImage CachePoint
        CapabilityInstructionSource CapabilityLoadDeltaPart Citation CitationAnchor CitationSource
        CompactionPart ContentCitationAnchor DocumentCitationSource DocumentFormat DocumentMediaType
        DocumentUrl FilePart FileUrl FinalResultEvent FinishReason ImageFormat ImageMediaType
        ImageUrl InstructionBaselinePart InstructionDeltaPart InstructionDigest InstructionId
        InstructionPart InstructionSource MarkerCitationAnchor ModelMessage ModelMessagesTypeAdapter
        ModelRequest ModelRequestAttempt ModelRequestPart ModelRequestState ModelResponse
        ModelResponsePart ModelResponsePartDelta ModelResponseState ModelResponseStreamEvent
        ModelSettingsDeltaPart MultiModalContent NativeToolCallPart NativeToolReturnPart
        PartDeltaEvent PartEndEvent PartStartEvent RetryFeedbackPart RetryInfo RetryPromptPart
        RunInstructionSource SpeechPart SpeechPartDelta SpeechTimestamp StructuredContent
        SystemPromptPart TextContent TextPart TextPartDelta ThinkingPart ThinkingPartDelta
        ToolAvailabilityDeltaPart ToolCallPart ToolCallPartDelta ToolReturnPart
        ToolsetInstructionSource UploadedFile UserContent UserPromptPart VideoFormat VideoMediaType
        VideoUrl WebCitationSource
    """,
    'jupyter_stream.models': 'infer_model',
    'jupyter_stream.models.recorded': 'RecordedModel',
    'jupyter_stream.models.concurrency': 'ConcurrencyLimitedModel limit_model_concurrency',
    'jupyter_stream.native_tools': """
        AdvisorTool CodeExecutionTool FileSearchTool ImageGenerationTool MCPServerTool MemoryTool
        WebFetchTool WebSearchTool WebSearchUserLocation XSearchTool
    """,
    'jupyter_stream.notebook.answer': 'Answer',
    'jupyter_stream.conversation.thread': 'Thread',
    'jupyter_stream.conversation.turn': 'Turn',
    'jupyter_stream.notebook.ask': 'aask ask thread',
    'jupyter_stream.notebook.explore': 'explore',
    'jupyter_stream.notebook.show': 'show',
    'jupyter_stream.settings': 'ModelSettings ToolChoice ToolOrOutput',
    'jupyter_stream.tools': 'ToolDefinition',
    'jupyter_stream.usage': 'RequestUsage',
}
_HOMES = {name: home for home, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: Any) -> None:
    """Register `%ask` and `%%ask`. Called by `%load_ext jupyter_stream`; a second call changes nothing."""
    from jupyter_stream.notebook.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take `%ask` and `%%ask` away again. Called by `%unload_ext jupyter_stream`."""
    from jupyter_stream.notebook.magics import unload

    unload(shell)
