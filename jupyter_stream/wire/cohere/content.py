"""What a user says as Cohere's content blocks, and the model's `tool_plan`.

Text, and images where the model sees: https://docs.cohere.com/docs/image-inputs. In the `tool_plan` Cohere's models say
what they are about to do with tools. It is shown as thinking, and goes back in its own field:
https://docs.cohere.com/docs/tool-use-overview
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, CachePoint, ImageUrl, TextContent, ThinkingPart, UserContent
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_chat.content import image_part

__all__ = ('TOOL_PLAN', 'fetchable', 'is_plan', 'user_content')


def fetchable(target: Target, part: object) -> bool:
    """Whether an address has to be downloaded before `encode`."""
    return isinstance(part, ImageUrl) and bool(part.force_download) and target.profile.images


def user_content(target: Target, content: str | Sequence[UserContent]) -> str | list[dict[str, Any]]:
    """The `content` of a user message.

    Raises:
        UserError: an item is of a kind that the model does not take, or has not been downloaded.
    """
    if isinstance(content, str):
        return content
    return [_block(target, item) for item in content if not isinstance(item, CachePoint)]


def _block(target: Target, item: Any) -> dict[str, Any]:
    if isinstance(item, str | TextContent):
        return {'type': 'text', 'text': item if isinstance(item, str) else item.content}
    if fetchable(target, item):
        raise UserError(f'{item.url} cannot be sent by its address: pass its bytes as BinaryContent.')
    if target.profile.images and isinstance(item, ImageUrl):
        return image_part(item.url, item.vendor_metadata)
    if target.profile.images and isinstance(item, BinaryContent) and item.is_image:
        return image_part(item.data_uri, item.vendor_metadata)
    takes = 'text and images' if target.profile.images else 'only text'
    kind = item.media_type if isinstance(item, BinaryContent) else type(item).__name__
    raise UserError(f'Cohere model {target.model_name!r} takes {takes}, not {kind}: leave it out of the prompt.')


TOOL_PLAN: Final = 'tool_plan'
"""The field, and the id of the thinking part."""


def is_plan(part: ThinkingPart, provider_name: str) -> bool:
    """Whether thinking came as this provider's plan."""
    return part.id == TOOL_PLAN and part.provider_name == provider_name
