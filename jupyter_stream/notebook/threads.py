"""Questions in threads: what goes before a question, where its answer goes, and what the page is told of both.

`jupyter_stream.conversation` knows the rules; here they meet IPython, the page and the saved notebook.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from jupyter_stream.conversation.cells import CellKey, CellRun
from jupyter_stream.conversation.handover import history_for
from jupyter_stream.conversation.notebooks import MAIN, Notebook
from jupyter_stream.conversation.saved import kept_turns, metadata_of, restore
from jupyter_stream.conversation.thread import Place, Thread
from jupyter_stream.conversation.turn import Turn, digest_of, pieces_of, prefix_of
from jupyter_stream.conversation.window import Room, fitting, tokens_of, too_long
from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook import kernel
from jupyter_stream.notebook.answer import Answer
from jupyter_stream.notebook.bundle import final_bundle, notes_of, shareable
from jupyter_stream.notebook.markdown.sanitizer import visible
from jupyter_stream.notebook.options import OptionError, join_prompt, parse
from jupyter_stream.notebook.pieces import counted, shortened
from jupyter_stream.notebook.reducer import is_empty
from jupyter_stream.notebook.saved_notebook import saved_notebook
from jupyter_stream.notebook.shell import cell_number, cell_run
from jupyter_stream.notebook.transform import questions
from jupyter_stream.notebook.views.standing import Standing

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable

    from jupyter_stream.messages import ModelMessage, ModelResponse
    from jupyter_stream.notebook.defaults import Defaults
    from jupyter_stream.notebook.play import Playable
    from jupyter_stream.notebook.question import Question
    from jupyter_stream.notebook.views.publish import Publisher
    from jupyter_stream.typed.wanted import Typed
    from jupyter_stream.widgets.live import LiveView

__all__ = (
    'InThread',
    'Replay',
    'in_thread',
    'label',
    'notebook_of',
    'prompts_of',
    'refresh',
    'room_of',
    'show_forgotten',
    'take_back',
    'thread_of',
    'would_ask',
)

_NUMBERS: Final = 5
"""Turns that the muted line names one by one."""


def notebook_of(shell: Any) -> Notebook:
    """The notebook whose cell this shell runs, with what its saved file holds of its threads."""
    conversations = kernel.state.conversations
    run = cell_run(shell)
    if conversations.run is None or run.request != conversations.run.request:
        conversations.begin(run)
    notebook = conversations.current
    if not notebook.is_restored:
        _restore(notebook, shell)
    return notebook


def thread_of(shell: Any, name: str | Thread | None) -> Thread:
    """The thread of this name in the notebook that runs; without a name, the notebook's own."""
    return name if isinstance(name, Thread) else notebook_of(shell).thread(name or MAIN)


def _restore(notebook: Notebook, shell: Any) -> None:
    conversations = kernel.state.conversations
    saved = saved_notebook(getattr(shell, 'user_ns', {}), notebook.cells, conversations.path)
    if saved is None:
        return
    kept = kept_turns(saved.content, prompts_of)
    notebook.is_restored = saved.is_sure
    notebook.unread = len(kept) if not saved.is_sure and conversations.is_single else 0
    if saved.is_sure:
        notebook.restored += restore(notebook, kept)


def in_thread(
    shell: Any,
    question: Question,
    defaults: Defaults,
    *,
    thread: str | Thread | None = None,
    fork: str | None = None,
    again: bool = False,
    is_pinned: bool = False,
    is_summary: bool = False,
) -> tuple[Playable, Callable[[Answer], Standing | None]]:
    """A question with the turns before it in its thread, to be played, and what takes the answer.

    Args:
        shell: The shell that runs the cell.
        question: What is asked, without history.
        defaults: The settings.
        thread: The thread to go on in; without one, the notebook's own, or, of a fork, a new one.
        fork: The thread from whose last turn to go on.
        again: Whether to ask anew, whatever the settings say.
        is_pinned: Whether the turn is to be sent always.
        is_summary: Whether the answer stands for the turns above it.

    Raises:
        UserError: there is no such thread to go on from, or the turns are more than the model reads at once.
    """
    asked = _stand(
        notebook_of(shell), shell, defaults, thread=thread, fork=fork, is_pinned=is_pinned, is_summary=is_summary
    )
    filled = asked.ask(question)
    same = asked.unchanged() if defaults.rerun == 'reuse' and not again else None
    if same is None:
        return filled, asked.take
    return Replay(same, question.settings, typed=question.typed), partial(asked.show_again, same)


def would_ask(
    shell: Any, question: Question, defaults: Defaults, *, again: bool = False, **where: Any
) -> tuple[Question, Sequence[str]]:
    """The question as `in_thread` would have it asked, and what the muted line would say of it.

    All of it happens in a copy of the notebook's threads, so nothing changes: what the cell showed before still counts.
    """
    notebook = notebook_of(shell)
    notebook.keep_cleared()
    asked = _stand(deepcopy(notebook), shell, defaults, **where)
    filled = asked.ask(question)
    return filled, list(asked.said_before(is_reused=defaults.rerun == 'reuse' and not again))


def _stand(
    notebook: Notebook,
    shell: Any,
    defaults: Defaults,
    *,
    thread: str | Thread | None = None,
    fork: str | None = None,
    is_pinned: bool = False,
    is_summary: bool = False,
) -> InThread:
    """A question's place in its thread."""
    run = replace(kernel.state.conversations.run or cell_run(shell), number=cell_number(shell))
    key = notebook.next_key(run.cell)
    if fork is not None:
        own = notebook.fork(fork, key, thread.name if isinstance(thread, Thread) else thread)
    else:
        own = thread if isinstance(thread, Thread) else notebook.thread(thread or MAIN)
    prompts = prompts_of(run.source)
    prompt = prompts[key.nth] if key.nth < len(prompts) else None
    return InThread(notebook, own, key, run, defaults, prompt, is_pinned, is_summary)


# ------------------------------------------------------------------ a question in its thread


@dataclass(eq=False)
class InThread:
    """One question in its thread, from before it is asked until its answer is on the page.

    Args:
        notebook: The notebook whose cell asks.
        thread: The thread that the question goes on in.
        run: The run of the cell.
        defaults: What the settings say of threads.
        prompt: The prompt as it can be read off the cell's text; None where it cannot.
        is_pinned: Whether the turn is to be sent always.
        is_summary: Whether the answer is to stand for all turns above it.
    """

    notebook: Notebook
    thread: Thread
    key: CellKey
    run: CellRun
    defaults: Defaults
    prompt: str | None = None
    is_pinned: bool = False
    is_summary: bool = False

    def __post_init__(self) -> None:
        if self.is_summary and not self.thread.turns:
            raise UserError(f'The thread {self.thread.name!r} has no turns to sum up.')
        self.place = self.thread.place_of(self.key, self.run.source)
        self._above = self.thread.before(self.place)
        self._sent: Sequence[Turn] = ()
        self._asked: Question | None = None
        self._request_key = ''
        self._restored = self.notebook.restored
        self.notebook.restored = 0

    # ------------------------------------------------------------------ before

    def ask(self, question: Question) -> Question:
        """The question with the turns before it.

        Raises:
            ThreadTooLong: they are more than the model reads at once.
        """
        turns = self._since_summary()
        if self.defaults.last is not None:
            turns = self._from(turns, len(turns) - self.defaults.last)
        self._sent = self._fitting(turns, question)
        self._request_key = digest_of(
            question.model_id,
            question.system or '',
            json.dumps(shareable(question.settings), sort_keys=True),
            prefix_of(self._sent),
            *pieces_of(question.prompt),
            *([json.dumps(question.typed.definition.json_schema)] if question.typed else []),
        )
        self._asked = replace(
            question,
            history=history_for(question.model_id, self._sent),
            thread=self.thread.name,
            key=f'{self.thread.name}:{self._request_key}',
        )
        return self._asked

    @property
    def settings(self) -> Mapping[str, Any] | None:
        """The settings of the request."""
        return self._asked.settings if self._asked is not None else None

    def unchanged(self) -> Turn | None:
        """The last whole answer of this cell to exactly this request; None where there is none."""
        whole = (turn for turn in reversed(self.place.turns) if turn.state == 'complete')
        return next((turn for turn in whole if turn.request_key == self._request_key), None)

    def said_before(self, *, is_reused: bool) -> Iterator[str]:
        """What is known of it before it is asked; `is_reused` where the same request would not be sent again."""
        if self.thread.name != MAIN:
            yield f'thread {self.thread.name}'
        sent, _ = _sent_in_words(self._sent, len(self._above), self.thread.numbers())
        if sent:
            yield sent
        if is_reused and self.unchanged() is not None:
            yield 'unchanged: the answer that is there would be shown again'

    def _since_summary(self) -> list[Turn]:
        """The turns above, from the last summary on; pinned ones stay."""
        last = max((at for at, turn in enumerate(self._above) if turn.is_summary), default=0)
        return self._from(self._above, last)

    def _from(self, turns: Sequence[Turn], first: int) -> list[Turn]:
        pinned = self._pinned
        return [turn for at, turn in enumerate(turns) if at >= first or turn in pinned]

    @property
    def _pinned(self) -> set[Turn]:
        return {place.turn for place in self.thread.places if place.is_pinned and place.turn is not None}

    def _fitting(self, turns: Sequence[Turn], question: Question) -> Sequence[Turn]:
        if not turns:
            return turns
        asked = question.messages()
        tokens = tokens_of(turns, asked)
        room = room_of(question) if tokens > _SMALLEST else None
        if room is None or tokens <= room.prompt:
            return turns
        if self.defaults.history == 'trim':
            pinned = self._pinned
            return fitting(turns, asked, room, lambda turn: turn in pinned)
        raise too_long(tokens, room)

    # ------------------------------------------------------------------ after

    def take(self, answer: Answer) -> Standing | None:
        """The answer, or as much of it as came, becomes the turn of its cell; nothing came, no turn."""
        if self._asked is None or is_empty(answer.response):
            return None
        from jupyter_stream.messages import ModelRequest

        request = cast(ModelRequest, answer.asked[-1])
        question = [part for part in request.parts if part.part_kind != 'system-prompt']
        turn = Turn(
            [ModelRequest(parts=question), answer.response],
            model=self._asked.model_id,
            title=self._asked.title,
            source=self.run.source,
            number=self.run.number,
            parent=self._above[-1] if self._above else None,
            prefix=prefix_of(self._above),
            sent=list(self._sent),
            system=self._asked.system,
            request_key=self._request_key,
            is_summary=self.is_summary,
            filled=self._asked.filled,
        )
        return self._show(turn, answer)

    def show_again(self, turn: Turn, answer: Answer) -> Standing | None:
        """A turn that is there already is on the page again."""
        return self._show(turn, answer, is_unchanged=True)

    def _show(self, turn: Turn, answer: Answer, *, is_unchanged: bool = False) -> Standing:
        place = self.place
        if place not in self.thread.places:  # it was forgotten meanwhile, with all others
            self.thread.places.append(place)
        place.is_pinned = self.is_pinned
        place.show(turn)
        answer.stands(turn, self.thread, place)
        return Standing(
            kept=self.kept(turn),
            footer=list(self._footer(is_unchanged)),
            sent=_sent_in_words(turn.sent, len(self._above), self.thread.numbers()),
            position=place.position,
            count=len(place.turns),
            take_back=self._take_back,
            placed=self._placed,
            is_unchanged=is_unchanged,
        )

    def kept(self, turn: Turn) -> Mapping[str, Any] | None:
        """What the output keeps of the turn; None where the settings say so, and of a turn that left the thread."""
        if self.defaults.save != 'turn' or self.place not in self.thread.places:
            return None
        return metadata_of(self.thread, self.place, turn, self.prompt)

    def _footer(self, is_unchanged: bool) -> Iterator[str]:
        yield from self._asked.notes if self._asked is not None else ()
        if is_unchanged:
            yield 'unchanged, not asked again'
        if self.thread.name != MAIN:
            yield f'thread {self.thread.name}'
        if self._restored:
            yield f'{counted(self._restored, "earlier turn")} restored'
        if self.notebook.unread:
            yield f'{counted(self.notebook.unread, "turn")} in the saved notebook not read: save it, then ask again'

    def _placed(self, publisher: Publisher, display: str, mark: str | None, view: LiveView | None) -> None:
        former, turn = kernel.state.pages.get(self.place), self.place.current
        page = _OnPage(self, publisher, display, {turn: mark} if turn else {}, view=view)
        if former is not None:
            page.ends.update(former.ends)
            page.marks = former.marks | page.marks
            if former.view is not None:
                kernel.state.views.drop(former.view)
        if turn is not None and view is not None:
            page.ends[turn] = view.end
        kernel.state.pages[self.place] = page

    def _take_back(self, number: int) -> None:
        take_back(self.thread, self.place, number)


@dataclass(eq=False)
class _OnPage:
    """An answer in the output of its cell, which can be drawn again.

    Attributes:
        asked: the question that was answered there.
        publisher: the way to the page.
        display: the id of the display.
        marks: why answers ended early.
        is_stale: whether it is drawn as one that was asked before the turns above it changed.
        view: the live view whose muted line is below it.
        ends: how the cell's answers ended, as their views said it.
    """

    asked: InThread
    publisher: Publisher
    display: str
    marks: dict[Turn, str | None]
    is_stale: bool = False
    view: LiveView | None = None
    ends: dict[Turn, Mapping[str, Any]] = field(default_factory=dict[Any, Any])

    def draw(self, turn: Turn, *, is_stale: bool = False, is_forgotten: bool = False) -> None:
        self.is_stale = is_stale
        asked, defaults = self.asked, self.asked.defaults
        data, metadata = final_bundle(
            kernel.state.noted_once(turn.response),
            settings=asked.settings,
            mark=self.marks.get(turn),
            images=defaults.images,
            asked=turn.title,
            byline=defaults.byline,
            turn=asked.kept(turn),
            is_stale=is_stale,
            is_forgotten=is_forgotten,
        )
        self.publisher.update(data, metadata, self.display)

    def turn_to(self, turn: Turn) -> None:
        """Let the muted line below tell of this answer of the cell."""
        if self.view is None:
            return
        numbers = self.asked.thread.numbers()
        sent = [visible(words) for words in _sent_in_words(turn.sent, len(turn.sent), numbers)]
        known = {'notes': notes_of(turn.response), 'sent': sent}
        place = self.asked.place
        versions = [place.position, len(place.turns)]
        self.view.show_version({**known, **self.ends.get(turn, {}), 'versions': versions, 'source': turn.text})


def take_back(thread: Thread, place: Place, number: int) -> None:
    """Let a former answer of a cell be its turn again, and show it in the cell's output.

    Raises:
        UserError: the cell has no such answer.
    """
    turn = thread.take_back(place, number)
    page = kernel.state.pages.get(place)
    if page is not None:
        page.turn_to(turn)
        page.draw(turn, is_stale=turn in thread.stale())
        refresh(page.asked.notebook)


def show_forgotten(places: Iterable[Place]) -> None:
    """Let the outputs of cells say, also to a kernel after a restart, that their turns are sent no more."""
    for place in places:
        page = kernel.state.pages.get(place)
        if page is not None and place.current is not None:
            page.draw(place.current, is_forgotten=True)


def refresh(notebook: Notebook) -> None:
    """Mark on the page which answers were asked before the turns above them changed, where that is not as it was."""
    for thread in notebook.threads:
        stale = thread.stale()
        for place in thread.places:
            page, turn = kernel.state.pages.get(place), place.turn
            if page is not None and turn is not None and page.is_stale != (turn in stale):
                page.draw(turn, is_stale=turn in stale)


# ------------------------------------------------------------------ the window, and what stands in lines


_SMALLEST: Final = 2_000
"""Tokens that any model reads at once: for fewer nobody looks up how many it is."""

_ANSWER: Final = 4_096
"""Tokens that are kept for an answer whose length nobody limits, but no more than a fourth of all."""


def room_of(question: Question) -> Room | None:
    """How much the model of a question reads at once; None where nobody knows."""
    from jupyter_stream import prices
    from jupyter_stream.cassettes import in_mode
    from jupyter_stream.models import infer_model

    try:
        with in_mode(question.cassette):
            model = infer_model(question.model)
    except UserError:  # which asking it will say
        return None
    window = model.context_window or prices.context_window(model.model_name, model.system, model.base_url)
    if window is None:
        return None
    wanted = (question.settings or {}).get('max_tokens') or min(_ANSWER, window // 4)
    return Room(window, min(wanted, window // 2))


def _sent_in_words(sent: Sequence[Turn], there: int, numbers: Mapping[Turn, int]) -> tuple[str, str]:
    """The turns that were sent: in a few words, and each in a line."""
    if not there:
        return '', ''
    labels = [label(numbers.get(turn)) for turn in sent]
    prompts = (shortened(' '.join(turn.written.split()), 60) for turn in sent)
    lines = '\n'.join(f'{cell} {prompt}' for cell, prompt in zip(labels, prompts, strict=True))
    if len(sent) < there:
        return f'with {len(sent)} of {there} turns', lines
    if len(sent) <= _NUMBERS and all(turn in numbers for turn in sent):
        return f'with {" ".join(labels)}', lines
    return f'with {counted(there, "turn")}', lines


def label(number: int | None) -> str:
    """A turn as a reader finds it: by the number of its cell."""
    return f'[{"·" if number is None else number}]'


def prompts_of(source: str) -> list[str]:
    """The prompts of the questions in a cell's text."""
    return list(_prompts(source))


def _prompts(source: str) -> Iterator[str]:
    for line, body in questions(source):
        try:
            yield join_prompt(parse(line)[1], body)
        except OptionError:
            yield ''


# ------------------------------------------------------------------ an answer that is there already


@dataclass(frozen=True)
class Replay:
    """A turn that is shown again, as something to be played; nobody is asked."""

    turn: Turn
    settings: Mapping[str, Any] | None = None
    loop_bound: bool = False
    typed: Typed | None = None
    retries: int = 0

    @property
    def title(self) -> str:
        return self.turn.title

    def messages(self) -> list[ModelMessage]:
        return [*(message for turn in self.turn.sent for message in turn.messages), self.turn.request]

    @asynccontextmanager
    async def open(self, messages: Sequence[ModelMessage]) -> AsyncGenerator[Any]:
        yield _Played(self.turn.response)


class _Played:
    """A stream that brings the parts of a response at once."""

    marks = None

    def __init__(self, response: ModelResponse) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[Any]:
        from jupyter_stream.messages import PartEndEvent, PartStartEvent

        for index, part in enumerate(self._response.parts):
            yield PartStartEvent(index=index, part=part)
            yield PartEndEvent(index=index, part=part)

    def get(self) -> ModelResponse:
        return self._response

    async def cancel(self) -> None:
        """There is nothing to cancel."""
