"""The fault table and its tests: every row has one, for every protocol. A test names its rows: `test_f17_f18_…`.

Two numbers with others between them mean those too. What a row says stands in the name of its test.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from . import test_row_bodies, test_row_load, test_rows
from .protocols import PROTOCOLS

ROWS = (*range(1, 56), 57, 60, 61, 62)
"""The others are about the kernel and the page (56, 58) and about cassettes (59): their tests stand there."""

_NAME = re.compile(r'test((?:_f\d\d)+)_')


def rows_of(name: str) -> Iterator[int]:
    """The rows that a test is for."""
    match = _NAME.match(name)
    numbers = [int(number) for number in re.findall(r'\d\d', match[1])] if match else []
    last = len(numbers) == 2 and numbers[1] - numbers[0] > 1
    yield from range(numbers[0], numbers[1] + 1) if last else numbers


def covered() -> dict[int, list[Any]]:
    """The tests of each row that are run in every protocol."""
    found: dict[int, list[Any]] = {}
    for module in (test_rows, test_row_bodies, test_row_load):
        for name, test in inspect.getmembers(module, inspect.isfunction):
            if test.__module__ == module.__name__ and 'wire' in inspect.signature(test).parameters:
                for row in rows_of(name):
                    found.setdefault(row, []).append(test)
    return found


@pytest.mark.parametrize('row', ROWS)
def test_a_row_has_a_test(row: int) -> None:
    assert covered().get(row), f'no test is named test_f{row:02}_… and takes `wire`'


def test_no_test_is_for_a_row_that_there_is_not() -> None:
    assert set(covered()) <= set(ROWS)


def test_the_protocols_are_these() -> None:
    assert {protocol.name for protocol in PROTOCOLS} == {'openai-chat', 'anthropic', 'openai-responses', 'gemini'}
