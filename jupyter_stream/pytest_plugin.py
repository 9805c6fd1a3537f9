"""The pytest plugin: notebooks and tests whose models answer from cassettes.

It comes with the package and sleeps until it is used; it stands here, and not among the cassettes, so that loading it
loads nothing else of this package. `--nbval`, `--nbval-lax` and `--nbmake` wake it for the notebooks that they run; a
test wakes it by the fixture `cassette`. `-p no:jupyter_stream` leaves it out.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from jupyter_stream.cassettes import Deck, Mode

__all__ = ('cassette', 'mode_of', 'path_of')

OPTION: Final = '--jupyter-stream-cassette'
_INI: Final = 'jupyter_stream_cassette'
_RUNNERS: Final = ('nbval', 'nbval_lax', 'nbmake')
_LONGEST: Final = 80
"""Characters of a file's name that are those of a test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup('jupyter_stream', 'answers of language models, from cassettes')
    group.addoption(
        OPTION,
        metavar='MODE',
        help='Where notebooks and tests have their answers from: "replay" (from cassettes alone, the default), '
        '"record" (ask, and record the answers), "auto" (replay what is there, record the rest), "off" (ask).',
    )
    parser.addini(_INI, f'What {OPTION} is where it is not given.', default='')


def pytest_configure(config: pytest.Config) -> None:
    """Watch over notebooks where something runs them."""
    if any(config.getoption(runner, False) for runner in _RUNNERS):
        from jupyter_stream.cassettes.notebooks import Notebooks

        config.pluginmanager.register(Notebooks(mode_of(config)), 'jupyter_stream_notebooks')


def mode_of(config: pytest.Config) -> Mode:
    """The mode: the option, else the environment, else the ini file, else 'replay': a test asks only if it is told to.

    Raises:
        UsageError: there is no such mode.
    """
    from jupyter_stream.cassettes import MODES
    from jupyter_stream.cassettes.session import MODE_VARIABLE

    said = {
        OPTION: config.getoption(OPTION),
        f'The environment variable {MODE_VARIABLE}': os.environ.get(MODE_VARIABLE, '').strip().lower(),
        f'{_INI} in the ini file': config.getini(_INI),
        'The mode': MODES[0],
    }
    where, told = next((where, told) for where, told in said.items() if told)
    for mode in MODES:
        if mode == told:
            return mode
    raise pytest.UsageError(f'{where} must be one of {", ".join(MODES)}, not {told!r}.')


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """Answers from a cassette of this test, `cassettes/MODULE/TEST.cassette.jsonl` beside its module."""
    from jupyter_stream.cassettes import cassette

    with cassette(path_of(request.node), mode_of(request.config), speed=0) as deck:
        yield deck


def path_of(item: pytest.Item) -> Path:
    """The cassette of a test, whose name has only letters that every file system takes."""
    from jupyter_stream.cassettes.file import SUFFIX

    name = '.'.join([*(part.name for part in item.listchain() if isinstance(part, pytest.Class)), item.name])
    plain = re.sub(r'[^\w.-]+', '-', name, flags=re.ASCII)[:_LONGEST].strip('-')
    if plain != name:  # two names may have become one
        plain = f'{plain}-{sha256(name.encode()).hexdigest()[:8]}'
    return item.path.parent / 'cassettes' / item.path.stem / f'{plain}{SUFFIX}'
