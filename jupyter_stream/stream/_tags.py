"""What the deltas of a stream cut apart, and what joins it again: tags in a text, halves of a character."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Literal

__all__ = ('Step', 'Tags')

Step = Literal['text', 'thinking', 'opens', 'closes']


class Tags:
    """Finds the thinking that stands between two tags inside a text, cut anywhere.

    A tag that opens thinking counts before any word of the text, and later where a delta is the tag and nothing else:
    an answer may speak of `<think>`.

    Attributes:
        held: what may be the beginning of a tag, by the key of its text.
    """

    def __init__(self, opening: str, closing: str) -> None:
        self.held: dict[Hashable, str] = {}
        self._tags = opening, closing
        self._firsts = opening[0], closing[0]

    def may_turn(self, content: str, thinks: bool) -> bool:
        """Whether `content` may hold some of the tag that ends what is going on; False for nearly all deltas."""
        return bool(self.held) or self._firsts[thinks] in content

    def steps(
        self, key: Hashable, content: str, thinks: bool, is_blank: Callable[[], bool], *, bare: bool
    ) -> Iterator[tuple[Step, str]]:
        """What a delta of the text `key` says, step by step; each is to be taken before the next is asked for.

        Args:
            key: tells the texts apart.
            content: the delta.
            thinks: whether it goes on with thinking.
            is_blank: says whether there is no word in the text yet.
            bare: the delta brings nothing but its content, and is no delta where all of that is held back.
        """
        content = self.held.pop(key, '') + content
        while True:
            tag = self._tags[thinks]
            before, found, after = content.partition(tag)
            if not found or not (thinks or content == tag or (not before.strip() and is_blank())):
                break
            if before:
                yield 'thinking' if thinks else 'text', before
            yield 'closes' if thinks else 'opens', tag
            thinks, content = not thinks, after
            if not content:
                return
        kept = _partial_tag_size(tag, content)
        if kept and (thinks or (not content[:-kept].strip() and is_blank())):
            self.held[key] = content[-kept:]
            content = content[:-kept]
            if not content and bare:
                return
        yield 'thinking' if thinks else 'text', content

    def take(self) -> dict[Hashable, str]:
        """What is held back, which is not held any longer."""
        held, self.held = self.held, {}
        return held


def _partial_tag_size(tag: str, content: str) -> int:
    """How many characters at the end of `content` are a beginning of `tag`, but not all of it."""
    for size in range(min(len(tag) - 1, len(content)), 0, -1):
        if content.endswith(tag[:size]):
            return size
    return 0
