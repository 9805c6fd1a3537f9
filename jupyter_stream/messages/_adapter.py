"""Histories from and to JSON."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from .._dataclasses import Tagged
from ._request import ModelRequest
from ._response import ModelResponse

if TYPE_CHECKING:
    from pydantic import TypeAdapter

ModelMessage: TypeAlias = Annotated[ModelRequest | ModelResponse, Tagged('kind')]


class _LazyAdapter:
    """A pydantic `TypeAdapter` of `list[ModelMessage]`, built when first used; it has all of its attributes.

    Bytes are base64 in JSON. `validate_*` raise `pydantic.ValidationError`.
    """

    @cached_property
    def _adapter(self) -> TypeAdapter[list[ModelMessage]]:
        from pydantic import ConfigDict, TypeAdapter

        return TypeAdapter(list[ModelMessage], config=ConfigDict(ser_json_bytes='base64', val_json_bytes='base64'))

    def __getattr__(self, name: str) -> Any:
        if name.startswith('__'):
            raise AttributeError(name)
        return getattr(self._adapter, name)

    def validate_python(self, object: Any, /, **options: Any) -> list[ModelMessage]:
        """Messages from Python values: messages, or what `dump_python` gives."""
        return self._adapter.validate_python(object, **options)

    def validate_json(self, data: str | bytes | bytearray, /, **options: Any) -> list[ModelMessage]:
        """Messages from JSON."""
        return self._adapter.validate_json(data, **options)

    def dump_python(self, instance: list[ModelMessage], /, **options: Any) -> Any:
        """Messages as lists and dicts."""
        return self._adapter.dump_python(instance, **options)

    def dump_json(self, instance: list[ModelMessage], /, **options: Any) -> bytes:
        """Messages as JSON."""
        return self._adapter.dump_json(instance, **options)

    def json_schema(self, **options: Any) -> dict[str, Any]:
        """The JSON schema of a history."""
        return self._adapter.json_schema(**options)


ModelMessagesTypeAdapter = _LazyAdapter()
