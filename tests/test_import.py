"""What an import costs, and who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import resolve_name
from pathlib import Path

import pytest

import jupyter_stream

PACKAGE = Path(jupyter_stream.__file__).parent

# The rooms of the design from the bottom up. A module may import from its own room and from those below it.
ROOMS: tuple[tuple[str, ...], ...] = (
    (
        '_dataclasses',
        '_secret',
        'exceptions',
        'messages',
        'native_tools',
        'output',
        'parameters',
        'prices',
        'settings',
        'tools',
        'usage',
    ),
    ('stream',),
    ('framing',),
    ('profiles',),
    ('wire',),
    ('providers',),
    ('foreign',),
    ('concurrency', 'transport'),
    ('local',),
    ('models',),
    ('bridge',),
    ('direct',),
    ('widgets',),
    ('notebook',),
)
LEVEL = {name: level for level, room in enumerate(ROOMS) for name in room}

HEAVY = ('httpx', 'IPython', 'ipywidgets', 'pydantic', 'anywidget', 'nest_asyncio2', 'xllamacpp')


def loaded_after(code: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after running the code."""
    script = f'{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])'
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True, timeout=60)
    return set(ast.literal_eval(done.stdout.strip().splitlines()[-1]))


def test_importing_the_package_loads_nothing() -> None:
    assert loaded_after('import jupyter_stream; jupyter_stream.__version__; dir(jupyter_stream)') == set()


def test_loading_the_extension_loads_neither_http_nor_widgets() -> None:
    code = 'from IPython.core.interactiveshell import InteractiveShell as Shell\n'
    assert loaded_after(f'{code}Shell().run_line_magic("load_ext", "jupyter_stream")') == {'IPython'}


def test_the_public_names_are_there_when_asked_for() -> None:
    assert set(jupyter_stream.__all__) <= set(dir(jupyter_stream))
    for name in jupyter_stream.__all__:
        assert getattr(jupyter_stream, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = jupyter_stream.no_such_name


def test_the_version_is_that_of_the_distribution() -> None:
    assert jupyter_stream.__version__ == version('jupyter-stream')


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob('*.py'))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def imported_rooms(tree: ast.AST, package: str = 'jupyter_stream') -> Iterator[tuple[str, int]]:
    """The rooms that a module of `package` imports at run time, also inside functions, each with its line."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            yield from imported_rooms(ast.Module(node.orelse, []), package)
            continue
        for name in imported_names(node, package):
            if name.startswith('jupyter_stream.'):
                yield name.split('.')[1], node.lineno  # type: ignore[attr-defined]
        yield from imported_rooms(node, package)


def imported_names(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    module = resolve_name('.' * node.level + (node.module or ''), package)
    return [f'{module}.{alias.name}' for alias in node.names]


@pytest.mark.parametrize('path', modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_from_below(path: Path) -> None:
    if path == PACKAGE / '__init__.py':
        return
    room = room_of(path)
    assert room in LEVEL, f'{room} is in no room: put it into the table'
    package = '.'.join(path.parent.relative_to(PACKAGE.parent).parts)
    tree = ast.parse(path.read_text(encoding='utf-8'))
    rooms = imported_rooms(tree, package)
    upward = {f'line {line}: {name}' for name, line in rooms if LEVEL.get(name, 99) > LEVEL[room]}
    assert not upward, f'{path.relative_to(PACKAGE)} looks up: {upward}'


def test_the_rule_sees_an_upward_import() -> None:
    code = (
        'def f():\n    from jupyter_stream.models import Model\nfrom jupyter_stream import direct\nfrom ..wire import a'
    )
    rooms = imported_rooms(ast.parse(code), 'jupyter_stream.framing')
    assert [name for name, _ in rooms] == ['models', 'direct', 'wire']
