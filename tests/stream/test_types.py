"""What a part may be made of: fields of their types, and numbers that JSON has."""

from __future__ import annotations

import math
from typing import Any

import pytest

from jupyter_stream.messages import (
    Citation,
    CompactionPart,
    ContentCitationAnchor,
    ModelResponsePart,
    NativeToolReturnPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    WebCitationSource,
)
from jupyter_stream.stream._types import checked, finite, is_savable


def cited(url: Any = 'https://a', start: Any = 0, excerpts: Any = ('so',)) -> TextPart:
    source = WebCitationSource(url=url, excerpts=list(excerpts))
    return TextPart('a', citations=[Citation(sources=[source], anchor=ContentCitationAnchor(start=start, end=1))])


@pytest.mark.parametrize(
    'part',
    [
        TextPart('a', id='i', provider_details={'a': [1, 2.5, None, True]}),
        ThinkingPart('a', signature='s', provider_name='p'),
        CompactionPart(None),
        ToolCallPart('f', {'a': 1}, 'c'),
        ToolCallPart('f', None, 'c'),
        NativeToolReturnPart('f', [1, {'a': 2}], 'c'),
        cited(),
    ],
)
def test_a_part_of_the_right_types_is_itself(part: ModelResponsePart) -> None:
    assert checked(part) is part


@pytest.mark.parametrize(
    ('part', 'error'),
    [
        (TextPart(5), TypeError),  # type: ignore[arg-type]
        (TextPart('a', id=5), TypeError),  # type: ignore[arg-type]
        (TextPart('a', provider_details=[1]), TypeError),  # type: ignore[arg-type]
        (TextPart('a', provider_details={'a': [math.nan]}), ValueError),
        (ThinkingPart('a', signature=b's'), TypeError),  # type: ignore[arg-type]
        (ThinkingPart(None), TypeError),  # type: ignore[arg-type]
        (ToolCallPart(5, {}, 'c'), TypeError),  # type: ignore[arg-type]
        (ToolCallPart('f', [1], 'c'), TypeError),  # type: ignore[arg-type]
        (ToolCallPart('f', {'a': math.inf}, 'c'), ValueError),
        (ToolCallPart('f', {}, 5), TypeError),  # type: ignore[arg-type]
        (NativeToolReturnPart('f', {'a': -math.inf}, 'c'), ValueError),
        (cited(url=5), TypeError),
        (cited(start=0.5), TypeError),
        (cited(excerpts=[5]), TypeError),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(part: ModelResponsePart, error: type[Exception]) -> None:
    with pytest.raises(error):
        checked(part)


@pytest.mark.parametrize('value', ['a', 1, 2.5, None, True, [1, {'a': 0.5}], {}])
def test_json_values_are_savable_and_stay(value: Any) -> None:
    assert is_savable(value) and finite(value) is value


def test_numbers_that_json_does_not_have_become_null() -> None:
    value = {'a': [math.nan, 1.5], 'b': {'c': math.inf}, 'd': 'x'}
    assert not is_savable(value)
    assert finite(value) == {'a': [None, 1.5], 'b': {'c': None}, 'd': 'x'}
    assert finite(-math.inf) is None
