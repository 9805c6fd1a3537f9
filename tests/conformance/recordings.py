"""Recorded traffic, and the checker that holds ours against what the peer makes of it.

The recordings are not part of the project. They are looked for beside it and in `JUPYTER_STREAM_SHARED`; without them
the tests that need them are left out, and say so.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
from argparse import Namespace
from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import pytest

from jupyter_stream.models import infer_model

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get('JUPYTER_STREAM_SHARED', ROOT.parent / 'shared'))
DATA = SHARED / 'conformance'
MISSING = f'no recordings in {DATA}: set JUPYTER_STREAM_SHARED to the folder that holds `conformance`'


_GROUP_FIELD = {'streams': 'wire', 'requests': 'protocol'}


def found(kind: str, *groups: str) -> list[Path]:
    """The recorded `streams` or `requests` of these groups; none where there are no recordings at all."""
    paths = sorted((DATA / kind).glob('*.json')) if (DATA / 'check.py').is_file() else []
    return [path for path in paths if json.loads(path.read_text())[_GROUP_FIELD[kind]] in groups]


def recordings(kind: str, *groups: str) -> list[Any]:
    """A test parameter for each of them, or one that is skipped."""
    return [pytest.param(path, id=path.stem) for path in found(kind, *groups)] or [
        pytest.param(None, marks=pytest.mark.skip(reason=MISSING), id='no-recordings')
    ]


class One:
    """A folder with one recording in it, for a checker that looks through whole folders."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> One:
        return self

    def glob(self, pattern: str) -> list[Path]:
        return [self.path]


def load() -> tuple[ModuleType, dict[str, str]]:
    """The checker, and the environment that it wants; loading it leaves this process's own as it was."""
    spec = importlib.util.spec_from_file_location('conformance_check', DATA / 'check.py')
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with patch.dict(os.environ):
        before = dict(os.environ)
        spec.loader.exec_module(module)
        changed = {name: value for name, value in os.environ.items() if before.get(name) != value}
    return module, changed


def hold_stream(check: ModuleType, path: Path, permitted: Mapping[str, str]) -> None:
    """Ours is the peer's, event by event; or it differs where that is permitted, and then it must."""
    [(_, ident, core, strict)] = check.streams(Namespace(data=One(path), only=None, group=None))
    if reason := permitted.get(ident):
        assert core or strict, f'{ident} matches the peer now; take it out of PERMITTED ({reason})'
    else:
        assert (core, strict) == (None, None)


def hold_request(check: ModuleType, path: Path) -> None:
    """Ours is the peer's, to the letter."""
    assert asyncio.run(check.send(json.loads(path.read_text()))) is None


def known_ids() -> set[str]:
    """The ids of all recorded streams."""
    return {json.loads(path.read_text())['id'] for path in (DATA / 'streams').glob('*.json')}


def decoded(check: ModuleType, path: Path, cuts: Iterable[int] = ()) -> tuple[list[Any], str | None]:
    """What the bytes of a recording mean when they come cut at these offsets: events, and how reading them failed."""
    row, body = json.loads(path.read_text()), path.with_suffix('.bin').read_bytes()
    model: Any = infer_model(row['model'], api_key='x')
    framing = model._wire.Framing()
    decoder = model._wire.Decoder(model.target, check.parameters(row['params']), {})
    events, error = [], None
    marks = [0, *sorted({cut % (len(body) + 1) for cut in cuts}), len(body)]
    try:
        for start, end in pairwise(marks):
            for frame in framing.feed(body[start:end]):
                events += decoder.feed(frame)
        for frame in framing.close():
            events += decoder.feed(frame)
        events += decoder.close()
    except Exception as failure:
        error = repr(failure)
    plain = check.Plain()
    return [plain(event) for event in [*events, *decoder.parts.parts()]], error
