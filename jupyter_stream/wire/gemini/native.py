"""The tools that Gemini runs itself, as their calls and results come along in the stream."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any, Final

from jupyter_stream.exceptions import UnexpectedModelBehavior
from jupyter_stream.messages import NativeToolCallPart, NativeToolReturnPart, generate_tool_call_id
from jupyter_stream.stream.parts import PartsManager
from jupyter_stream.wire.gemini.grounding import documents, searched, snaked, web_sources
from jupyter_stream.wire.gemini.tool_names import CODE, FILE_SEARCH, MEDIA, NATIVE_NAMES, WEB_SEARCH

__all__ = ('NativeTools',)

Raw = Mapping[str, Any]
Details = dict[str, Any] | None

_FILE_QUERY: Final = re.compile(r'file_search\.query\(query=(["\'])((?:\\.|(?!\1)[^\\])*)\1\)')
_ESCAPED: Final = re.compile(r'\\([\\"\'])')


class NativeTools:
    """Turns the pieces of native tools into parts. Results that are filled at the end keep their place until then.

    Args:
        parts: where the parts go.
        provider_name: whose tools they are.
        searches_files: code that asks for a search in files is that search, not code.
    """

    def __init__(self, parts: PartsManager, provider_name: str, *, searches_files: bool) -> None:
        self._parts = parts
        self._provider_name = provider_name
        self._searches_files = searches_files
        self._count = 0
        self._file_searches: list[str] = []
        self._code_call = ''
        self._media_call: tuple[Hashable, str, bool] | None = None
        self._open_web_search: NativeToolReturnPart | None = None
        self._open_file_searches: list[NativeToolReturnPart] = []
        self.told = False
        """Calls came as parts of their own, so that the metadata is not to be read for them."""

    # ------------------------------------------------------------------- code

    def code(self, raw: Raw, details: Details) -> None:
        """`executableCode`."""
        query = _FILE_QUERY.search(raw.get('code') or '') if self._searches_files else None
        call_id = generate_tool_call_id()
        if query:
            self._file_searches.append(call_id)
            self._add(self._call(FILE_SEARCH, {'query': _ESCAPED.sub(r'\1', query[2])}, call_id, details))
        else:
            self._code_call = call_id
            self._add(self._call(CODE, snaked(raw), call_id, details))

    def code_result(self, raw: Raw, details: Details) -> None:
        """`codeExecutionResult`."""
        self._add(self._return(CODE, snaked(raw), self._code_call or generate_tool_call_id(), details))

    # ----------------------------------------------------- server-side invocations

    def call(self, raw: Raw, details: Details) -> None:
        """`toolCall`."""
        name = self._name(raw, raw.get('args'))
        call_id = raw.get('id') or generate_tool_call_id()
        key = self._add(self._call(name, raw.get('args'), call_id, details))
        if name == MEDIA:
            self._media_call = (key, call_id, bool(raw.get('id')))

    def response(self, raw: Raw, details: Details) -> None:
        """`toolResponse`."""
        name = self._name(raw, raw.get('response'))
        part = self._return(name, raw.get('response'), raw.get('id') or generate_tool_call_id(), details)
        if name == MEDIA:
            self._media_return(raw, part)
        elif name == WEB_SEARCH:
            self._web_search_return(part)
        elif name == FILE_SEARCH and part.content is None:
            self._open_file_searches.append(part)
            self._parts.reserve(part.tool_call_id, part)
        else:
            self._add(part)

    def _name(self, raw: Raw, payload: Any) -> str:
        kind = raw.get('toolType') or ''
        if not kind and payload:
            raise UnexpectedModelBehavior('Gemini called a tool of its own without saying which.')
        # Steps over media have nothing but an id.
        name = NATIVE_NAMES.get(kind, kind.lower()) if kind else MEDIA
        self.told = self.told or name != MEDIA
        return name

    def _media_return(self, raw: Raw, part: NativeToolReturnPart) -> None:
        """Either the call or its return may lack the id."""
        if self._media_call is not None:
            key, call_id, has_id = self._media_call
            if not raw.get('id'):
                part = replace(part, tool_call_id=call_id)
            elif not has_id:
                self._parts.tool_call(key, tool_call_id=part.tool_call_id)
        self._media_call = None
        self._add(part)

    def _web_search_return(self, part: NativeToolReturnPart) -> None:
        """Only the last one gets the pages, which come with the metadata at the end."""
        if (open_before := self._open_web_search) is not None:
            self._parts.part(open_before.tool_call_id, open_before)
        self._open_web_search = part
        self._parts.reserve(part.tool_call_id, part)

    # -------------------------------------------------------------------- end

    def finish(self, grounding: Raw) -> None:
        """Fill what was left open, or tell of the searches that only the metadata speaks of."""
        for part in self._open_file_searches:
            self._parts.part(part.tool_call_id, replace(part, content=documents(grounding) or None))
        if (part := self._open_web_search) is not None:
            self._parts.part(part.tool_call_id, _with_sources(part, grounding))
        if not self.told:
            for found in searched(grounding, self._provider_name, self._file_searches):
                self._add(found)

    # ------------------------------------------------------------------ parts

    def _add(self, part: NativeToolCallPart | NativeToolReturnPart) -> Hashable:
        self._count += 1
        key = ('native', self._count)
        self._parts.part(key, part)
        return key

    def _call(self, name: str, args: Any, call_id: str, details: Details) -> NativeToolCallPart:
        return NativeToolCallPart(name, args, call_id, provider_name=self._provider_name, provider_details=details)

    def _return(self, name: str, content: Any, call_id: str, details: Details) -> NativeToolReturnPart:
        return NativeToolReturnPart(name, content, call_id, provider_name=self._provider_name, provider_details=details)


def _with_sources(part: NativeToolReturnPart, grounding: Raw) -> NativeToolReturnPart:
    sources = web_sources(grounding)
    if not sources:
        return part
    said: Any = part.content
    return replace(part, content={**(said if isinstance(said, dict) else {}), 'sources': sources})
