"""Break the code on purpose, in one place at a time, and see whether its tests notice: `make mutants`.

    python tools/mutants.py [--room NAME …] [--places N] [--seed N] [--jobs N]

`tests/mutants.toml` says which modules belong to a room and which tests have to notice. From every room a seeded
sample of places is drawn, in proportion to the size of its modules; at each one of the ways is taken in which
cosmic-ray would break it (or its statement is left out). The tests run on copies in `build/mutants`, in processes
forked from one that has the libraries loaded already: what an interrupted run leaves behind is not looked at.

A mutant that fails a test, or keeps the tests busy for too long, is killed. One that nobody could tell from the
original stands in `tests/mutants.toml` with the reason. The run fails where another one survives, or where less than
95 of 100 are killed.
"""

# cosmic-ray is typed too narrowly, and only in .venv-mutants.
# pyright: reportMissingImports=false, reportIncompatibleMethodOverride=false, reportGeneralTypeIssues=false

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import os
import random
import shutil
import signal
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple, cast

from cosmic_ray.ast import Visitor, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.plugins import get_operator, operator_names
from parso.python.tree import Keyword

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / 'tests' / 'mutants.toml'
COPIES = ROOT / 'build' / 'mutants'
COPIED = ('jupyter_stream', 'tests', 'tools', 'pyproject.toml', 'Makefile')
WANTED = 0.95
FORK = get_context('fork')
LOADED = ('pytest', 'hypothesis', 'httpx', 'pydantic', 'IPython', 'pydantic_ai.models', 'pydantic_ai.direct')
"""Loaded once, before the forks; never a module of the project, which has to be the mutated one."""

PLUGINS = ('pytest_timeout', '_hypothesis_pytestplugin')
NEEDS_ARGUMENTS = ('NoOp', 'VariableReplacer', 'VariableInserter')


class Room(NamedTuple):
    """Modules (globs below `jupyter_stream`) and the tests that have to notice when one of them is broken."""

    name: str
    modules: list[str]
    tests: list[str]
    options: list[str]

    def files(self) -> list[Path]:
        found = {glob: list((ROOT / 'jupyter_stream').glob(glob)) for glob in self.modules}
        if missing := [glob for glob, paths in found.items() if not paths]:
            sys.exit(f'No module of the room {self.name} is at {", ".join(missing)}; mend its line in {TABLE.name}.')
        return sorted({path for paths in found.values() for path in paths})


@dataclass(frozen=True)
class Mutant:
    room: Room
    module: str
    """Relative to the project, with slashes."""
    code: str

    def changes(self) -> tuple[str, str]:
        """The lines that went and the lines that came, without their indentation."""
        lines = difflib.ndiff((ROOT / self.module).read_text().splitlines(), self.code.splitlines())
        pairs = [(line[0], line[2:].strip()) for line in lines if line[0] in '+-' and line[2:].strip()]
        before, after = (' '.join(text for sign, text in pairs if sign == wanted) for wanted in '-+')
        return before, after

    def diff(self) -> str:
        before = (ROOT / self.module).read_text().splitlines()
        return '\n'.join(list(difflib.unified_diff(before, self.code.splitlines(), lineterm='', n=2))[2:])


class LeaveOutStatement(Operator):
    """What stands on a line of its own in a function is left out: an assignment, a call, a `return`, a `raise`."""

    LEFT_OUT = ('expr_stmt', 'atom_expr', 'return_stmt', 'raise_stmt', 'del_stmt', 'await')

    def mutation_positions(self, node: Any) -> Iterator[tuple[Any, Any]]:
        if node.type == 'simple_stmt' and node.parent.type == 'suite' and node.children[0].type in self.LEFT_OUT:
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        first = node.get_first_leaf()
        node.children[0] = Keyword('pass', first.start_pos, first.prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        return ()


# ---------------------------------------------------------------------- the sample


OPERATORS: list[Operator] = [
    *(get_operator(name)() for name in operator_names() if not name.endswith(NEEDS_ARGUMENTS)),
    LeaveOutStatement(),
]


class Meaning(ast.NodeTransformer):
    """A module without its annotations: what changes in one of these is no change."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: Any) -> Any:
        node.returns = None
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        # An alias of types is there for the type checker alone.
        node.value = None if ast.unparse(node.target).endswith('Alias') else node.value
        return self.generic_visit(node)


def meaning(code: str) -> str | None:
    """What the code does, None if it is no Python."""
    try:
        return ast.dump(Meaning().visit(ast.parse(code)))
    except SyntaxError:
        return None


class Places(Visitor):
    """Walks a module once and notes, for each place, the operators that fit and which of their occurrences it is."""

    def __init__(self) -> None:
        self.found: dict[Any, list[tuple[Operator, int]]] = {}
        self._seen: Counter[Operator] = Counter()

    def visit(self, node: Any) -> Any:
        for operator in OPERATORS:
            for position in operator.mutation_positions(node):
                place = (*position, isinstance(operator, LeaveOutStatement))
                self.found.setdefault(place, []).append((operator, self._seen[operator]))
                self._seen[operator] += 1
        return node


def places(source: str) -> list[list[tuple[Operator, int]]]:
    """For each place of a module all that can be done to it."""
    look = Places()
    look.walk(get_ast(source))
    return [look.found[place] for place in sorted(look.found)]


def sample(room: Room, share: float, seed: int) -> list[Mutant]:
    """The mutants of one room: a share of the places of each of its modules, at least two of each."""
    chosen: list[Mutant] = []
    for path in room.files():
        module, source = path.relative_to(ROOT).as_posix(), path.read_text()
        dice = random.Random(f'{seed} {module}')
        spots = places(source)
        dice.shuffle(spots)
        wanted, same = max(2, round(share * len(spots))), meaning(source)
        for spot in spots:
            if not wanted:
                break
            code = mutate_code(source, *dice.choice(spot))
            if code is not None and meaning(code) not in (None, same):
                chosen.append(Mutant(room, module, code))
                wanted -= 1
    return chosen


# ---------------------------------------------------------------------- the tests


def own_copy() -> Path:
    """This process's copy of the project."""
    copy = COPIES / str(os.getpid())
    if not copy.exists():
        for name in COPIED:
            source, target = ROOT / name, copy / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
            else:
                shutil.copytree(source, target, ignore=shutil.ignore_patterns('node_modules', '__pycache__', 'browser'))
    return copy


def run_tests(copy: Path, room: Room, keep_bytecode: bool) -> None:
    """In a process of its own, and in a group of its own, so that what it starts ends with it."""
    os.setsid()
    log = os.open(copy / 'log', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    sys.dont_write_bytecode = not keep_bytecode
    os.environ.update(PYTHONPATH=str(copy), HYPOTHESIS_PROFILE='mutants', PYTEST_DISABLE_PLUGIN_AUTOLOAD='1')
    import pytest

    loaded = [word for plugin in PLUGINS for word in ('-p', plugin)]
    os._exit(pytest.main(['-x', '-q', '-p', 'no:cacheprovider', *loaded, *room.options, *room.tests]))


def passes(copy: Path, room: Room, timeout: float, keep_bytecode: bool = False) -> bool:
    process = FORK.Process(target=run_tests, args=(copy, room, keep_bytecode))
    process.start()
    process.join(timeout)
    passed = process.exitcode == 0
    with suppress(ProcessLookupError):
        os.killpg(cast(int, process.pid), signal.SIGKILL)
    process.join()
    return passed


def survives(mutant: Mutant, timeout: float) -> bool:
    copy = own_copy()
    path = copy / mutant.module
    path.write_text(mutant.code)
    os.utime(path, (1, 1))  # so that the original's bytecode is not taken for its own
    try:
        return passes(copy, mutant.room, timeout)
    finally:
        shutil.copy2(ROOT / mutant.module, path)


def seconds(room: Room) -> float:
    """How long a room's tests take as they are."""
    started = time.monotonic()
    if not passes(own_copy(), room, 300, keep_bytecode=True):
        sys.exit(f'The tests of {room.name} fail as they are:\n{(own_copy() / "log").read_text()[-3000:]}')
    return time.monotonic() - started


# ---------------------------------------------------------------------- the report


def reason(mutant: Mutant, known: list[dict[str, str]]) -> str | None:
    """Why nobody could tell this mutant from the original, if that is known."""
    before, after = mutant.changes()
    for entry in known:
        if entry['room'] == mutant.room.name and entry['before'] == before and entry['after'] in (after, '*'):
            return entry['reason']
    return None


def report(room: Room, mutants: list[Mutant], lived: list[Mutant], known: list[dict[str, str]]) -> list[Mutant]:
    """Prints a room's line and its survivors; returns those without a reason."""
    print(f'{room.name:12} {len(mutants) - len(lived):4} of {len(mutants):4} killed', flush=True)
    nameless = [mutant for mutant in lived if reason(mutant, known) is None]
    for mutant in lived:
        print(f'\n  {mutant.module}: {reason(mutant, known) or "SURVIVES"}\n{mutant.diff()}', flush=True)
    return nameless


def main() -> None:
    table = tomllib.loads(TABLE.read_text())
    known = table.get('equivalent', [])
    parser = argparse.ArgumentParser(description='Break the code in a seeded sample of places; see the tests notice.')
    parser.add_argument('--room', action='append', choices=table['rooms'], help='only this one (may be said again)')
    parser.add_argument('--places', type=int, default=300, help='how many places in all rooms together')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=2)
    asked = parser.parse_args()

    rooms = [Room(name, row['modules'], row['tests'], row.get('options', [])) for name, row in table['rooms'].items()]
    share = asked.places / sum(len(places(path.read_text())) for room in rooms for path in room.files())
    rooms = [room for room in rooms if not asked.room or room.name in asked.room]

    for name in LOADED:
        importlib.import_module(name)
    shutil.rmtree(COPIES, ignore_errors=True)
    begun, total, killed, unexplained = time.monotonic(), 0, 0, 0
    with ProcessPoolExecutor(asked.jobs, FORK) as pool:
        for room in rooms:
            timeout = 10 + 4 * max(pool.map(seconds, [room] * asked.jobs))
            mutants = sample(room, share, asked.seed)
            verdicts = pool.map(survives, mutants, [timeout] * len(mutants))
            lived = [mutant for mutant, alive in zip(mutants, verdicts, strict=True) if alive]
            unexplained += len(report(room, mutants, lived, known))
            total, killed = total + len(mutants), killed + len(mutants) - len(lived)
    rate = killed / total
    print(
        f'\n{killed} of {total} killed ({rate:.1%}) in {(time.monotonic() - begun) / 60:.0f} min, {unexplained} survive'
    )
    sys.exit(bool(unexplained) or rate < WANTED)


if __name__ == '__main__':
    main()
