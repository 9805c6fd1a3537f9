"""What a user says, as Cohere's content blocks: text, and images where the model sees.

https://docs.cohere.com/docs/image-inputs
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_stream.exceptions import UserError
from jupyter_stream.messages import BinaryContent, CachePoint, ImageUrl, TextContent, UserContent
from jupyter_stream.wire.base import Target
from jupyter_stream.wire.openai_chat.content import image_part

__all__ = ('fetchable', 'user_content')


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
        raise UserError(f'{item.url} has to be downloaded before it can be sent: pass it as BinaryContent.')
    if target.profile.images and isinstance(item, ImageUrl):
        return image_part(item.url, item.vendor_metadata)
    if target.profile.images and isinstance(item, BinaryContent) and item.is_image:
        return image_part(item.data_uri, item.vendor_metadata)
    takes = 'text and images' if target.profile.images else 'only text'
    kind = item.media_type if isinstance(item, BinaryContent) else type(item).__name__
    raise UserError(f'Cohere model {target.model_name!r} takes {takes}, not {kind}: leave it out of the prompt.')
