"""The names of Gemini's own tools, here and there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jupyter_stream.native_tools import CodeExecutionTool, FileSearchTool, WebFetchTool, WebSearchTool

__all__ = ('CODE', 'FILE_SEARCH', 'MEDIA', 'NATIVE_NAMES', 'TOOL_TYPES', 'WEB_FETCH', 'WEB_SEARCH')

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
