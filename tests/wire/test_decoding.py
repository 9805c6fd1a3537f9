"""The JSON value of an event: half characters stay only where the other half may still come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_stream.wire.decoding import parsed

HALF = '\ud83d'


@pytest.mark.parametrize(
    ('value', 'read'),
    [
        ({'content': HALF, 'name': HALF}, {'content': HALF, 'name': '\ufffd'}),
        ({'content': [HALF]}, {'content': ['\ufffd']}),
        ({'delta': {'text': HALF, 'id': f'a{HALF}'}}, {'delta': {'text': HALF, 'id': 'a\ufffd'}}),
        ([HALF, 1, None, True, 2.5], ['\ufffd', 1, None, True, 2.5]),
        ({HALF: 1}, {'\ufffd': 1}),
    ],
)
def test_half_a_character_stays_in_what_grows_alone(value: Any, read: Any) -> None:
    assert parsed(json.dumps(value)) == read


def test_what_is_no_json_is_a_value_error() -> None:
    with pytest.raises(ValueError):
        parsed('{"a": ')
