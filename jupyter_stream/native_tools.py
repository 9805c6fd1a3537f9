"""Tools that the provider runs itself. The wire protocol decides which of their fields it can send."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from .messages import UploadedFile

if sys.version_info >= (3, 12):
    from typing import TypedDict
else:
    from typing_extensions import TypedDict  # the only one that pydantic reads there

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

ImageAspectRatio: TypeAlias = Literal['21:9', '16:9', '4:3', '3:2', '1:1', '9:16', '3:4', '2:3', '5:4', '4:5']
ImageSize: TypeAlias = Literal['auto', '1024x1024', '1024x1536', '1536x1024', '512', '1K', '2K', '4K']
ImageQuality: TypeAlias = Literal['low', 'medium', 'high', 'xhigh', 'max', 'auto']
ProviderSettings: TypeAlias = dict[str, dict[str, Any]]
"""Settings of a tool that only one provider has, by that provider's name."""

NATIVE_TOOL_TYPES: dict[str, type[AbstractNativeTool]] = {}
"""Every tool, by its kind."""


@dataclass(kw_only=True)
class AbstractNativeTool:
    """A tool that the provider runs. An `optional` one is left out for a model that does not support it."""

    kind: str = 'unknown_native_tool'
    optional: bool = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        NATIVE_TOOL_TYPES[cls.kind] = cls

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Of the base class, the schema of whichever tool it is, by its `kind`."""
        if cls is not AbstractNativeTool:
            return handler(source)
        from pydantic_core import core_schema

        choices = {kind: handler.generate_schema(tool) for kind, tool in NATIVE_TOOL_TYPES.items()}
        return core_schema.tagged_union_schema(choices, discriminator='kind')

    @property
    def unique_id(self) -> str:
        """What tells it from the other tools of a request."""
        return self.kind

    @property
    def label(self) -> str:
        """A name to show."""
        return self.kind.replace('_', ' ').title()


class WebSearchUserLocation(TypedDict, total=False):
    """Where the user is, as far as it matters for a search; `timezone` is an IANA name."""

    city: str
    country: str
    region: str
    timezone: str


@dataclass(kw_only=True)
class WebSearchTool(AbstractNativeTool):
    """Searching the web."""

    search_context_size: Literal['low', 'medium', 'high'] = 'medium'
    user_location: WebSearchUserLocation | None = None
    blocked_domains: list[str] | None = None
    allowed_domains: list[str] | None = None
    max_uses: int | None = None
    external_web_access: bool | None = None
    provider_settings: ProviderSettings | None = None
    kind: str = 'web_search'


@dataclass(kw_only=True)
class XSearchTool(AbstractNativeTool):
    """Searching X. ValueError when handles are both allowed and excluded, or more than 20 of either."""

    allowed_x_handles: list[str] | None = None
    excluded_x_handles: list[str] | None = None
    from_date: datetime | None = None
    to_date: datetime | None = None
    enable_image_understanding: bool = False
    enable_video_understanding: bool = False
    include_output: bool = False
    kind: str = 'x_search'

    def __post_init__(self) -> None:
        if self.allowed_x_handles is not None and self.excluded_x_handles is not None:
            raise ValueError('X handles can be allowed or excluded, not both.')
        if max(len(self.allowed_x_handles or ()), len(self.excluded_x_handles or ())) > 20:
            raise ValueError('At most 20 X handles can be allowed or excluded.')


@dataclass(kw_only=True)
class CodeExecutionTool(AbstractNativeTool):
    """Running code, with these files at hand."""

    files: list[UploadedFile] | None = None
    kind: str = 'code_execution'


@dataclass(kw_only=True)
class WebFetchTool(AbstractNativeTool):
    """Reading a web page."""

    max_uses: int | None = None
    allowed_domains: list[str] | None = None
    blocked_domains: list[str] | None = None
    enable_citations: bool = False
    max_content_tokens: int | None = None
    provider_settings: ProviderSettings | None = None
    kind: str = 'web_fetch'


@dataclass(kw_only=True)
class ImageGenerationTool(AbstractNativeTool):
    """Making images."""

    action: Literal['generate', 'edit', 'auto'] = 'auto'
    background: Literal['transparent', 'opaque', 'auto'] = 'auto'
    input_fidelity: Literal['high', 'low'] | None = None
    moderation: Literal['auto', 'low'] = 'auto'
    model: str | None = None
    output_compression: int | None = None
    output_format: Literal['png', 'webp', 'jpeg'] | None = None
    partial_images: int = 0
    quality: ImageQuality = 'auto'
    size: ImageSize | None = None
    aspect_ratio: ImageAspectRatio | None = None
    provider_settings: ProviderSettings | None = None
    kind: str = 'image_generation'


@dataclass(kw_only=True)
class MemoryTool(AbstractNativeTool):
    """The provider's memory."""

    kind: str = 'memory'


@dataclass(kw_only=True)
class MCPServerTool(AbstractNativeTool):
    """The tools of an MCP server that the provider can reach. Token and headers are not in its repr."""

    id: str
    url: str
    authorization_token: str | None = None
    description: str | None = None
    allowed_tools: list[str] | None = None
    headers: dict[str, str] | None = None
    kind: str = 'mcp_server'

    @property
    def unique_id(self) -> str:
        """What tells it from the other tools of a request."""
        return f'{self.kind}:{self.id}'

    @property
    def label(self) -> str:
        """A name to show."""
        return f'MCP: {self.id}'

    def __repr__(self) -> str:
        return f'MCPServerTool(id={self.id!r}, url={self.url!r}, allowed_tools={self.allowed_tools!r})'


@dataclass(kw_only=True)
class FileSearchTool(AbstractNativeTool):
    """Searching files that lie with the provider."""

    file_store_ids: Sequence[str]
    max_num_results: int | None = None
    instructions: str | None = None
    retrieval_mode: Literal['hybrid', 'semantic', 'keyword'] | None = None
    provider_settings: ProviderSettings | None = None
    kind: str = 'file_search'


@dataclass(kw_only=True)
class AdvisorTool(AbstractNativeTool):
    """Asking a stronger model. ValueError when `max_tokens` is below 1024."""

    model: str
    max_uses: int | None = None
    max_tokens: int | None = None
    caching: Literal['5m', '1h'] | None = None
    provider_settings: ProviderSettings | None = None
    kind: str = 'advisor'

    def __post_init__(self) -> None:
        if self.max_tokens is not None and self.max_tokens < 1024:
            raise ValueError(f'The max_tokens of an AdvisorTool must be at least 1024, got {self.max_tokens}.')


SUPPORTED_NATIVE_TOOLS = frozenset(NATIVE_TOOL_TYPES.values())
