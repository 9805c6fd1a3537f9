"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
from importlib import import_module
from pathlib import Path

import pytest

import jupyter_stream

PACKAGE = Path(jupyter_stream.__file__).parent
EXAMPLES = sorted(path for path in PACKAGE.rglob('*.py') if '\n    >>> ' in path.read_text(encoding='utf-8'))


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


@pytest.mark.parametrize('module', [name_of(path) for path in EXAMPLES])
def test_examples(module: str) -> None:
    result = doctest.testmod(import_module(module), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted and not result.failed


def test_there_are_examples() -> None:
    assert 'jupyter_stream.direct' in map(name_of, EXAMPLES)
