"""The threads of a kernel's notebooks, and which notebook a cell belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from jupyter_stream.exceptions import UserError

from .cells import CellKey, CellRun
from .thread import Place, Thread

__all__ = ('MAIN', 'Conversations', 'Notebook')

MAIN: Final = 'main'
"""The name of the thread that a notebook has anyway."""


class Notebook:
    """The threads of one notebook.

    Attributes:
        path: Where its page says that it is stored; None where no page said.
        sessions: The pages that it was seen in.
        cells: The ids of its cells that have run.
        is_restored: Whether the turns that its file holds are in its threads.
        restored: How many they were, until somebody was told.
        unread: How many its file may hold that are not in its threads: nothing says yet that the file is its own.
    """

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        self.sessions: set[str] = set()
        self.cells: set[str] = set()
        self.is_restored = False
        self.restored = 0
        self.unread = 0
        self._threads = {MAIN: Thread(MAIN)}
        self._asked: dict[str, int] = {}
        self._cleared: list[Place] = []

    @property
    def threads(self) -> list[Thread]:
        """All threads, the notebook's own first."""
        return list(self._threads.values())

    def thread(self, name: str = MAIN) -> Thread:
        """The thread of this name; made when it is first asked for."""
        return self._threads.setdefault(name, Thread(name))

    def known(self, name: str) -> Thread:
        """The thread of this name.

        Raises:
            UserError: there is none.
        """
        if name not in self._threads:
            there = ', '.join(map(repr, self._threads))
            raise UserError(f'There is no thread {name!r} here. The threads are {there}.')
        return self._threads[name]

    def fork(self, name: str, cell: CellKey, into: str | None = None) -> Thread:
        """The thread in which a cell goes on from the last turn of the thread `name`.

        A cell that runs again goes on from where it first did. Without `into` the new thread is named after the other.

        Raises:
            UserError: there is no such thread, it has no turns, or `into` has turns of its own.
        """
        origin = self.known(name)
        for thread in self._threads.values():
            is_fork = thread.base is not None and thread.base[0] is origin and into in (None, thread.name)
            if is_fork and any(place.key == cell for place in thread.places):
                return thread
        last = next((place for place in reversed(origin.places) if place.turn is not None and place.key != cell), None)
        if last is None:
            raise UserError(f'The thread {name!r} has no turns to go on from.')
        if into is not None and (into == name or self.thread(into).places or self.thread(into).base):
            raise UserError(f'The thread {into!r} has turns already: fork into another name, or go on with -T {into}.')
        into = into or next(self._free_names(name))
        thread = self._threads[into] = Thread(into, (origin, last))
        return thread

    def begin(self, cell: CellRun) -> None:
        """A cell runs: what was deleted leaves all threads, and what it showed is no longer on the page."""
        self.cells.add(cell.cell)
        self._asked[cell.cell] = 0
        for thread in self._threads.values():
            for gone in cell.gone:
                thread.leave(gone, 'deleted')
        places = [place for thread in self._threads.values() for place in thread.places if place.key.cell == cell.cell]
        self._cleared = [place for place in places if not place.gone]
        for thread in self._threads.values():
            thread.leave(cell.cell, 'cleared')

    def keep_cleared(self) -> None:
        """The cell that runs asks nothing: what it showed before still counts."""
        for place in self._cleared:
            if place.gone == 'cleared':
                place.gone = ''

    def next_key(self, cell: str) -> CellKey:
        """The key of the next question of a cell that runs."""
        nth = self._asked.get(cell, 0)
        self._asked[cell] = nth + 1
        return CellKey(cell, nth)

    def _free_names(self, name: str) -> Iterator[str]:
        number = 2
        while True:
            if f'{name}-{number}' not in self._threads:
                yield f'{name}-{number}'
            number += 1


class Conversations:
    """The notebooks of a kernel: one, but for those who open a second one on the same kernel.

    Args:
        path_of: Says where the notebook of a session is stored, as far as its page said so.
    """

    def __init__(self, path_of: Callable[[str], str | None] = lambda session: None) -> None:
        self._path_of = path_of
        self._notebooks: list[Notebook] = []
        self._run: CellRun | None = None
        self._current: Notebook | None = None

    @property
    def run(self) -> CellRun | None:
        """The last run of a cell that began."""
        return self._run

    @property
    def is_single(self) -> bool:
        """Whether all cells so far are of one notebook."""
        return len(self._notebooks) < 2

    @property
    def path(self) -> str | None:
        """Where the notebook whose cell ran last is stored, as its page said; None where none did, and where a second
        notebook is on this kernel, whose file may have the same name in another folder.
        """
        return self._stored(self.current) if self.is_single else None

    @property
    def current(self) -> Notebook:
        """The notebook whose cell ran last."""
        if self._current is None:
            self._current = self._new(None)
        return self._current

    def begin(self, run: CellRun) -> Notebook:
        """A cell runs. What a cell runs in its turn, as `%run` does, is a part of it."""
        if self._run is not None and run.request and run.request == self._run.request:
            return self.current
        self._run, self._current = run, self._notebook_of(run)
        self._current.sessions.add(run.session)
        self._current.begin(run)
        return self._current

    def _notebook_of(self, run: CellRun) -> Notebook:
        """A cell stays in its notebook, and so does a page. A page that was not seen before shows the notebook that it
        says it does. One that says nothing is taken for the last page, loaded again, unless that one did say: of two
        notebooks in one window that share a kernel, JupyterLab lets only the first speak.
        """
        path = self._path_of(run.session)
        able = [notebook for notebook in self._notebooks if path is None or self._stored(notebook) in (None, path)]
        signs: tuple[Callable[[Notebook], bool], ...] = (
            lambda notebook: run.cell_id is not None and run.cell in notebook.cells,
            lambda notebook: run.session in notebook.sessions,
            lambda notebook: path is not None and self._stored(notebook) == path,
        )
        found = next((notebook for sign in signs for notebook in able if sign(notebook)), None)
        if found is not None:
            return found
        if self._current in able and (path is not None or self._stored(self._current) is None):
            return self._current
        return self._new(path)

    def _stored(self, notebook: Notebook) -> str | None:
        """Where a notebook is stored, as far as one of its pages said so."""
        said = (self._path_of(session) for session in notebook.sessions)
        return notebook.path or next(filter(None, said), None)

    def _new(self, path: str | None) -> Notebook:
        notebook = Notebook(path)
        self._notebooks.append(notebook)
        return notebook
