"""The house as the design draws it: who may import whom, how many floors there are, and what each room never does.

Measured from the source: every import counts, also one inside a function or for types only.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

import jupyter_stream

PACKAGE = Path(jupyter_stream.__file__).parent
ROOT = 'jupyter_stream'

VOCABULARY = frozenset(
    {'_dataclasses', 'exceptions', 'messages', 'native_tools', 'output', 'parameters', 'settings', 'tools', 'usage'}
)

# What each room may import, besides itself. A room is a folder or a file directly in the package; a program in a room,
# which nothing imports, stands by itself.
MAY_IMPORT: Mapping[str, frozenset[str]] = {
    '__main__': frozenset({'exceptions', 'notebook'}),
    '_dataclasses': frozenset(),
    '_secret': frozenset(),
    'settings': frozenset(),
    'usage': frozenset({'_dataclasses'}),
    'exceptions': frozenset({'_dataclasses', 'usage'}),
    'tools': frozenset({'_dataclasses'}),
    'output': frozenset({'_dataclasses'}),
    'messages': frozenset({'_dataclasses', 'exceptions', 'usage'}),
    'native_tools': frozenset({'_dataclasses', 'messages'}),
    'parameters': frozenset({'_dataclasses', 'messages', 'native_tools', 'output', 'settings', 'tools'}),
    'checks': frozenset({'exceptions', 'messages', 'parameters', 'settings'}),
    'prices': frozenset({'messages', 'usage'}),
    'framing': frozenset(),
    'stream': VOCABULARY,
    'profiles': frozenset({'exceptions', 'settings'}),
    'providers': frozenset({'exceptions', 'messages'}),
    'wire': VOCABULARY | {'framing', 'profiles', 'providers', 'stream'},
    'foreign': VOCABULARY | {'framing', 'profiles', 'providers', 'stream', 'wire'},
    'transport': frozenset({'_secret', 'exceptions', 'settings'}),
    'concurrency': frozenset({'exceptions'}),
    'bridge': frozenset({'exceptions'}),
    'cassettes': frozenset({'exceptions'}),
    'cassettes.__main__': frozenset({'recordings'}),
    'local.__main__': frozenset({'exceptions', 'local'}),
    'recordings': frozenset(
        {'cassettes', 'exceptions', 'framing', 'models', 'parameters', 'profiles', 'providers', 'settings', 'wire'}
    ),
    'pytest_plugin': frozenset({'cassettes'}),
    'local': frozenset({'_secret', 'exceptions'}),
    'models': VOCABULARY
    | {
        '_secret',
        'cassettes',
        'checks',
        'concurrency',
        'framing',
        'local',
        'profiles',
        'providers',
        'stream',
        'transport',
        'wire',
    },
    'direct': VOCABULARY | {'bridge', 'checks', 'models'},
    'typed': VOCABULARY,
    'conversation': frozenset({'content', 'exceptions', 'messages', 'output', 'usage'}),
    'content': frozenset({'_secret', 'exceptions', 'messages'}),
    'widgets': frozenset({'exceptions', 'messages'}),
    'notebook': VOCABULARY
    | {
        'bridge',
        'cassettes',
        'checks',
        'content',
        'conversation',
        'direct',
        'foreign',
        'models',
        'prices',
        'stream',
        'typed',
        'widgets',
    },
}

MOST_FLOORS = 12


@cache
def modules() -> Mapping[str, ast.Module]:
    """Every module of the package by its dotted name."""
    paths = sorted(path for path in PACKAGE.rglob('*.py') if 'node_modules' not in path.parts)
    return {_name(path): ast.parse(path.read_text(encoding='utf-8'), str(path)) for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


def imports(module: str, tree: ast.Module, known: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """The modules that one imports, at whatever place; each with whether it waits for a function to be called."""
    package = module if any(name.startswith(f'{module}.') for name in known) else module.rpartition('.')[0]
    for node, lazy in _with_laziness(tree, False):
        for name in imported(node, package):
            # `from jupyter_stream.messages import ModelRequest` names a thing in a module, not a module.
            target = name if name in known else name.rpartition('.')[0]
            if target in known and target not in {ROOT, module}:
                yield target, lazy


def _with_laziness(node: ast.AST, lazy: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        yield child, lazy
        yield from _with_laziness(child, lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef))


def imported(node: ast.AST, package: str) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    source = resolve_name('.' * node.level + (node.module or ''), package)
    return [f'{source}.{alias.name}' for alias in node.names]


@cache
def graph(*, eager: bool = False) -> Mapping[str, frozenset[str]]:
    """Module to modules; with `eager` only what is imported when the module is loaded, or for types."""
    known = modules()
    return {
        name: frozenset(target for target, lazy in imports(name, tree, known) if not (eager and lazy))
        for name, tree in known.items()
        if name != ROOT
    }


def room(module: str) -> str:
    name = module.split('.', 1)[1]
    return name if name.endswith('.__main__') else name.split('.')[0]


@cache
def rooms() -> Mapping[str, frozenset[str]]:
    """Room to rooms."""
    arrows: dict[str, set[str]] = {room(module): set() for module in graph()}
    for module, targets in graph().items():
        arrows[room(module)] |= {room(target) for target in targets} - {room(module)}
    return {name: frozenset(targets) for name, targets in arrows.items()}


def circles(arrows: Mapping[str, frozenset[str]]) -> list[list[str]]:
    """Each group of nodes that reach one another (Tarjan's strongly connected components of more than one)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in sorted(arrows.get(node, ())):
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            at = stack.index(node)
            group, stack[at:] = stack[at:], []
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(arrows):
        if node not in index:
            visit(node)
    return found


def floors(arrows: Mapping[str, frozenset[str]]) -> dict[str, int]:
    """How high each node stands: one more than the highest that it stands on."""
    height: dict[str, int] = {}

    def of(node: str) -> int:
        if node not in height:
            height[node] = 1 + max(map(of, arrows[node]), default=0)
        return height[node]

    return {node: of(node) for node in arrows}


# ------------------------------------------------------------------ the drawing


def test_no_circle_among_rooms() -> None:
    assert circles(rooms()) == []


def test_no_circle_among_modules_not_even_for_types() -> None:
    assert circles(graph(eager=True)) == []


def test_few_floors() -> None:
    highest = floors(rooms())
    assert max(highest.values()) <= MOST_FLOORS, sorted(highest.items(), key=lambda item: item[1])


@pytest.mark.parametrize('name', sorted(rooms()))
def test_a_room_imports_only_what_it_may(name: str) -> None:
    assert name in MAY_IMPORT, f'{name} is a new room: say in the table what it may import'
    assert rooms()[name] <= MAY_IMPORT[name], f'{name} imports {sorted(rooms()[name] - MAY_IMPORT[name])}'


def test_the_table_promises_nothing_that_is_not_there() -> None:
    assert set(MAY_IMPORT) == set(rooms())


def test_the_root_holds_few_files() -> None:
    private = sorted(name for name in rooms() if name.startswith('_') and name != '__main__')
    assert private == ['_dataclasses', '_secret']


def test_the_measure_sees_imports_of_every_kind() -> None:
    code = """
from __future__ import annotations
import json
from . import near
from ..low import Thing
if TYPE_CHECKING:
    from jupyter_stream.types import Name
class C:
    def f(self):
        import jupyter_stream.late
"""
    known = {f'{ROOT}.{name}': ast.parse('') for name in ('a', 'a.b', 'a.near', 'low', 'types', 'late')}
    seen = dict(imports(f'{ROOT}.a.b', ast.parse(code), known))
    assert seen == {
        f'{ROOT}.a.near': False,
        f'{ROOT}.low': False,
        f'{ROOT}.types': False,
        f'{ROOT}.late': True,
    }


def test_the_measure_sees_circles_and_floors() -> None:
    arrows = {'a': frozenset('b'), 'b': frozenset('c'), 'c': frozenset('b'), 'd': frozenset()}
    assert circles(arrows) == [['b', 'c']]
    assert floors({'a': frozenset('bc'), 'b': frozenset('c'), 'c': frozenset()}) == {'a': 3, 'b': 2, 'c': 1}


# ------------------------------------------------------------------ what each room never does

_IO = {'httpx', 'socket', 'ssl', 'http.client', 'urllib.request', 'subprocess'}
_LOOPS = {'asyncio', 'threading', 'concurrent', 'time', 'random'}
_SCREEN = {'IPython', 'ipykernel', 'ipywidgets', 'anywidget', 'traitlets', 'comm'}

NEVER_IMPORTS: Mapping[str, set[str]] = {
    # bytes to frames: what the bytes say is none of its business
    'framing': {'json', 'pydantic', 'pydantic_core', 'os', *_IO, *_LOOPS, *_SCREEN},
    # pure: no socket, no clock, no loop
    'wire': {'os', *_IO, *_LOOPS, *_SCREEN},
    # `time` is the clock that a delta's arrival is read from, where none is passed in
    'stream': {'json', 'os', *_IO, *_SCREEN, *(_LOOPS - {'time'})},
    'checks': {'os', *_IO, *_LOOPS, *_SCREEN},
    'typed': {'os', *_IO, *_LOOPS, *_SCREEN},
    'profiles': {'os', *_IO, *_LOOPS, *_SCREEN},
    'providers': {'os', *_IO, *_LOOPS, *_SCREEN},
    'messages': {*_IO, *_LOOPS, *_SCREEN},
    'exceptions': {*_IO, *_LOOPS, *_SCREEN},
    'bridge': {*_IO, *_SCREEN},
    'transport': {*_SCREEN},
    'models': {*_SCREEN},
    # what a body says is none of its business; beside httpx's words for a response it has no I/O but files
    'cassettes': {'socket', 'ssl', 'http.client', 'urllib.request', 'subprocess', *_SCREEN},
    'direct': {'json', *_IO, *_LOOPS, *_SCREEN},
    'local': {'httpx', *_SCREEN},
    'widgets': {'IPython', *_IO},
    # pure; `time` is the clock by which it is said which value took long, where none is passed in
    'content': {*_IO, *_SCREEN, *(_LOOPS - {'time'})},
    # IPython's room speaks no HTTP
    'notebook': {*_IO},
}


@pytest.mark.parametrize('name', sorted(NEVER_IMPORTS))
def test_a_room_never_imports(name: str) -> None:
    found = {
        f'{module}, line {node.lineno}: {what}'  # type: ignore[attr-defined]
        for module, tree in modules().items()
        if module != ROOT and room(module) == name
        for node in ast.walk(tree)
        for what in imported(node, module)
        if any(f'{what}.'.startswith(f'{never}.') for never in NEVER_IMPORTS[name])
    }
    assert not found


def calls(name: str) -> Iterator[tuple[str, str]]:
    """What the modules of a room call, as written, each with its place."""
    for module, tree in modules().items():
        if module != ROOT and room(module) == name:
            for node in ast.walk(tree):
                if isinstance(node, ast.Call):
                    yield ast.unparse(node.func), f'{module}, line {node.lineno}'


@pytest.mark.parametrize('name', ['framing', 'wire', 'profiles', 'providers'])
def test_what_is_pure_asks_no_clock_and_opens_no_file(name: str) -> None:
    impure = {'open', 'input', 'print', 'datetime.now', 'datetime.utcnow', 'date.today', 'os.getenv'}
    assert [place for called, place in calls(name) if called in impure] == []


def test_models_parse_no_json_of_providers() -> None:
    parsers = {'json.loads', 'from_json', 'pydantic_core.from_json', 'json.load'}
    # The models that stand in for a provider read the arguments that a test gives them.
    stand_ins = (f'{ROOT}.models.test,', f'{ROOT}.models.function,')
    found = [place for called, place in calls('models') if called in parsers and not place.startswith(stand_ins)]
    assert found == []


def provider_names() -> set[str]:
    from jupyter_stream.providers import PROVIDERS

    return {name for row in PROVIDERS for name in (row.name, *row.all_prefixes)}


# Comparisons with a word that is also the name of a provider, and why each is none with a provider's name.
NO_PROVIDER_MEANT: Mapping[str, str] = {}


def test_no_code_asks_which_provider_it_is() -> None:
    """What differs by provider is data in the tables of `providers` and `profiles`."""
    names = provider_names()
    found = [
        f'{module}, line {node.lineno}: {ast.unparse(node)}'
        for module, tree in modules().items()
        if module != ROOT and room(module) not in {'providers', 'profiles'}
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and ast.unparse(node) not in NO_PROVIDER_MEANT
        if any(isinstance(inner, ast.Constant) and inner.value in names for inner in ast.walk(node))
    ]
    assert not found


def test_no_code_but_profiles_reads_a_models_name() -> None:
    found = [
        place
        for name in ('wire', 'models', 'stream', 'notebook', 'foreign', 'direct')
        for called, place in calls(name)
        if called.startswith('re.')
        if 'model_name' in _source(place)
    ]
    assert not found


def _source(place: str) -> str:
    module, _, line = place.partition(', line ')
    path = PACKAGE.parent.joinpath(*module.split('.'))
    file = path / '__init__.py' if path.is_dir() else path.with_suffix('.py')
    return file.read_text(encoding='utf-8').splitlines()[int(line) - 1]


def test_notebook_and_widgets_know_no_provider() -> None:
    """Beside the default, the embedded model, and the packages whose streams `show` can read."""
    allowed = {(f'{ROOT}.notebook.defaults', 'local:')}
    names = provider_names()
    found = {
        (module, node.value)
        for module, tree in modules().items()
        if module != ROOT and room(module) in {'notebook', 'widgets'}
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.endswith(':')
        if node.value.rstrip(':') in names
    }
    assert found <= allowed


def test_direct_is_thin() -> None:
    """Its functions hand on: no loop and no handling of errors but around the stream that they yield."""
    tree = modules()[f'{ROOT}.direct']
    long = {
        node.name: len(node.body)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and len(node.body) > 10
    }
    assert not long
