"""`%ask` and `%%ask`: the line parsed, the question asked, in whichever way this shell allows.

In a kernel a cell becomes a coroutine that the kernel's own loop runs, so that it hears widgets and
stops at once when it is interrupted. Everywhere else (a terminal, `%%time`, a line in a function) the
registered magics run the same coroutine through `jupyter_stream.bridge`.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from traitlets import Any as AnyTrait
from traitlets import Bool, Enum, Float, Integer, Unicode, Union

from jupyter_stream.cassettes import MODES
from jupyter_stream.notebook import cassettes, cells, completion, prompts, reprs
from jupyter_stream.notebook.defaults import VALUE_TOKENS, Defaults, default_byline, default_rerun
from jupyter_stream.notebook.errors import short_errors
from jupyter_stream.notebook.operations import operate
from jupyter_stream.notebook.options import AskOptions, OptionError, join_prompt, manual, parse
from jupyter_stream.notebook.play import Player
from jupyter_stream.notebook.question import Question, question, summary_prompt, type_named
from jupyter_stream.notebook.transform import transform
from jupyter_stream.notebook.views import choose
from jupyter_stream.notebook.views.publish import show_once
from jupyter_stream.notebook.views.standing import Standing
from jupyter_stream.notebook.waterfall import show_traces

if TYPE_CHECKING:
    from jupyter_stream.models import Model
    from jupyter_stream.notebook.answer import Answer
    from jupyter_stream.notebook.play import Playable

Shell = Any
"""An `InteractiveShell`; IPython's own annotations are too few to check against."""

__all__ = ('AskMagics', 'CellTransformer', 'cell_may_await', 'load', 'unload')

_MANUAL = f"""Ask a language model. The answer grows below the cell and stays there as Markdown.

    %ask [options] [--] prompt          a line; `name = %ask …` gives the answer object
    %%ask [options] [--] [prompt]       a cell: the lines below are (the rest of) the prompt

Options stand before the prompt; the first word that is none begins it:

{manual()}

In the prompt, {{{{ expression }}}} stands for a value: Python evaluates it among your variables, and the model
is given what the value is, such as a table's columns and first rows, a figure as a picture, a function's
source; {{{{ err }}}} is the last exception, {{{{ Out[3] }}}} an earlier result. All else is sent to the letter: single
braces, dollar signs, quotes, `--words` and a `?` at its end mean nothing, and \\{{{{ is {{{{. With --raw those mean
nothing either. `%ask -n …` shows what would be sent, and sends nothing.

A question goes on in the thread of its notebook: the turns of the cells above it are sent with it. A cell that
runs again gets a new answer in its old place; the former ones are kept. `%ask --history` shows the thread.

The answer object has .text, .thinking, .tool_calls, .usage, .finish_reason, .state, .response, .turn,
.thread, .versions and .messages, the history to go on with: `ask("And why?", messages=name.messages)`.

With `--as TYPE` the answer is data: TYPE is an expression, as `list[Planet]` or a model's name. It has .value, the
validated object, .data, .rows, .errors and .frame().

Stop the cell to keep what has come; cells queued behind it do not run.

MODEL is a name such as openai-chat:gpt-5-mini, openrouter:…, ollama:…, local:, or that of a variable
that holds a model object. Defaults: `%config AskMagics.model = 'ollama:…'`, and the same for system,
temperature, max_tokens, view, images, byline, instrument, history, last, save, rerun, value_tokens, cassette and
cassettes. Without a model there the environment variable JUPYTER_STREAM_MODEL counts, then the small
model that runs on this machine (local:).

A new kernel knows this after `%load_ext jupyter_stream`; `python -m jupyter_stream enable`, once in a
terminal, does that for every new kernel.
"""


_VIEW_HELP = """How answers are shown: 'live' (a widget where the front end shows one, else Markdown that grows),
'widget', 'markdown', 'static' (at the end) or 'terminal'; 'auto' chooses."""
_INSTRUMENT_HELP = """Whether requests are recorded with OpenTelemetry: True, False, or a variable that holds an
`InstrumentationSettings`; None for what `jupyter_stream.models.instrumented.instrument_all` said."""
_IMAGES_HELP = """Whether images in answers are loaded from the web. Whoever serves one learns that the notebook was
opened, and from where; so without it they are links."""


_BYLINE_HELP = """Whether the last line of an answer says who wrote it: the model and the tokens. Where this is not set,
the environment variable JUPYTER_STREAM_BYLINE can turn it off (0)."""


_HISTORY_HELP = """Whether a question goes on in its thread: True, False, or 'trim', which leaves out the oldest
turns of a thread that is longer than what the model reads at once."""
_SAVE_HELP = """What a notebook keeps of an answer: 'turn', also what its thread is restored from after a restart, in
the metadata of the output; or 'answer' alone."""
_RERUN_HELP = """What a cell does that asks the same again: 'ask', or 'reuse', which shows the answer that it has and
asks nobody. Where this is not set, the environment variable JUPYTER_STREAM_RERUN says it."""

_VALUE_TOKENS_HELP = """The most tokens of a value in a prompt, roughly. Where there are many values, or the model reads
little at once, each has fewer."""


_CASSETTE_HELP = """Whether answers come from cassettes: 'replay' (nobody is asked), 'record', 'auto' (replay what is
there, record the rest) or 'off'. Where this is not set, the environment variable JUPYTER_STREAM_CASSETTE_MODE says
it."""
_CASSETTES_HELP = """The folder of the cassettes, or one cassette; without it, what the environment variable
JUPYTER_STREAM_CASSETTES says, else the notebook's folder."""


@magics_class
class AskMagics(Magics):
    """Defaults of `%ask`, `%%ask`, `ask()` and `aask()`, for `%config AskMagics.…`."""

    model = Unicode(None, allow_none=True, help='The model to ask, as provider:name.').tag(config=True)
    system = Unicode(None, allow_none=True, help='The system prompt.').tag(config=True)
    temperature = Float(None, allow_none=True, help='The sampling temperature.').tag(config=True)
    max_tokens = Integer(None, allow_none=True, help='The longest answer, in tokens.').tag(config=True)
    view = Unicode('auto', help=_VIEW_HELP).tag(config=True)
    images = Bool(False, help=_IMAGES_HELP).tag(config=True)
    byline = Bool(None, allow_none=True, help=_BYLINE_HELP).tag(config=True)
    instrument = AnyTrait(None, allow_none=True, help=_INSTRUMENT_HELP).tag(config=True)
    history = Union([Bool(), Enum(['trim'])], default_value=True, help=_HISTORY_HELP).tag(config=True)
    last = Integer(None, allow_none=True, min=0, help='The most turns of a thread that are sent.').tag(config=True)
    save = Enum(['turn', 'answer'], default_value='turn', help=_SAVE_HELP).tag(config=True)
    rerun = Enum(['ask', 'reuse'], default_value=None, allow_none=True, help=_RERUN_HELP).tag(config=True)

    value_tokens = Integer(VALUE_TOKENS, min=1, help=_VALUE_TOKENS_HELP).tag(config=True)
    cassette = Enum(MODES, default_value=None, allow_none=True, help=_CASSETTE_HELP).tag(config=True)
    cassettes = Unicode(None, allow_none=True, help=_CASSETTES_HELP).tag(config=True)

    @property
    def defaults(self) -> Defaults:
        """The settings as they are now."""
        return Defaults(
            self._named(self.model),
            self.system,
            self.temperature,
            self.max_tokens,
            self.view,
            self.images,
            default_byline(self.byline),
            self.instrument,
            self.history,
            self.last,
            cast(Any, self.save),
            default_rerun(cast('str | None', self.rerun)),
            self.value_tokens,
            cassette=cast('str | None', self.cassette),
            cassettes=self.cassettes or None,
        )

    @no_var_expand
    @line_cell_magic
    def ask(self, line: str, cell: str | None = None) -> None:
        with self._around(line, cell) as asks:
            if asks:
                self.answer_now(line, cell)

    ask.__doc__ = _MANUAL

    async def foreground(self, line: str, body: str | None = None) -> None:
        """What a `%%ask` cell or a `%ask` line at the margin runs: ask, show, and leave no value to print.

        `body` is None where the cell holds more than this question.
        """
        with self._around(line, body) as asks:
            if asks:
                await self._player(line, body, owns=body is not None).play()

    async def answer(self, line: str, body: str | None = None) -> Answer:
        """Ask on the cell's own loop; an interrupt ends it with a KeyboardInterrupt."""
        return (await self._player(line, body, owns=body is not None).play()).shown()

    def answer_now(self, line: str, body: str | None = None) -> Answer:
        """Ask through the bridge, from any synchronous place."""
        return self._player(line, body).run().shown()

    @contextmanager
    def _around(self, line: str, body: str | None) -> Generator[bool]:
        """Whether a question is asked. Before it, what the line says of the thread is done; behind it the trace is
        shown, if one is: of the answer, or of the last ones.
        """
        with short_errors():
            options, rest = parse(line)
            prompt = f'{rest}{body or ""}'.strip()
            is_done = operate(self.shell, options, prompt)
            if options.dry_run:
                self._show_request(options, rest, body)
        asks = not (is_done or options.dry_run) and (not options.trace or bool(prompt))
        yield asks
        if options.trace:
            show_traces(1 if asks else None)

    def _player(self, line: str, body: str | None = None, *, owns: bool = False) -> Player:
        with short_errors():
            options, rest = parse(line)
            if options.dry_run:
                raise OptionError('--dry-run asks nobody, so there is no answer to give a name: leave it out.')
            defaults = self.defaults
            asked = self._question(options, rest, body, defaults)
            hint = prompts.hint(asked, options, self._names)
            if hint:
                show_once(self.shell, hint)
            owns = owns and not hint  # else the view would clear the hint away
            view = choose(self.shell, self.view, owns=owns, images=self.images, byline=defaults.byline)
            source, stands = self._placed(asked, options, defaults)
        return Player(source, view, partial(self._keep, options.out, stands))

    def _question(self, options: AskOptions, rest: str, body: str | None, defaults: Defaults) -> Question:
        """What is asked, with the values of its expressions; without what stands before it in a thread."""
        asked = question(
            summary_prompt(rest, body) if options.compact else join_prompt(rest, body),
            defaults,
            model=self._named(options.model),
            system=options.system,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            as_=type_named(options.as_, self._names) if options.as_ else None,
            retries=options.retries,
            cassette=options.cassette,
        )
        return prompts.filled(self.shell, asked, options, defaults, in_thread=self._is_in_thread(options, defaults))

    def _show_request(self, options: AskOptions, rest: str, body: str | None) -> None:
        """Show what would be sent."""
        from jupyter_stream.notebook.dry_run import request_bundle

        defaults = self.defaults
        asked = self._question(options, rest, body, defaults)
        said: Sequence[str] = ()
        hint = prompts.hint(asked, options, self._names)
        if self._is_in_thread(options, defaults):
            from jupyter_stream.notebook.threads import would_ask

            asked, said = would_ask(self.shell, asked, defaults, again=options.again, **_where(options))
        show_once(self.shell, request_bundle(asked, [*said, *asked.notes], hint))

    def _is_in_thread(self, options: AskOptions, defaults: Defaults) -> bool:
        named = options.thread or options.fork or options.compact
        return not options.fresh and (defaults.history is not False or bool(named))

    def _placed(
        self, asked: Question, options: AskOptions, defaults: Defaults
    ) -> tuple[Playable, Callable[[Answer], Standing | None]]:
        """The question in its thread, and what takes its answer."""
        if not self._is_in_thread(options, defaults):
            return asked, lambda answer: Standing(footer=asked.notes) if asked.notes else None
        from jupyter_stream.notebook.threads import in_thread

        return in_thread(self.shell, asked, defaults, again=options.again, **_where(options))

    def _named(self, model: str | None) -> Model | str | None:
        """The user's own model object, if a variable of that name holds one; else the name."""
        value: Any = self._names.get(model) if model else None
        return value if hasattr(value, 'request_stream') else model

    def _keep(
        self, variable: str | None, stands: Callable[[Answer], Standing | None], answer: Answer
    ) -> Standing | None:
        if variable is not None:
            self._names[variable] = answer
        return stands(answer)

    @property
    def _names(self) -> dict[str, Any]:
        """The user's variables."""
        return cast(Shell, self.shell).user_ns


def _where(options: AskOptions) -> dict[str, Any]:
    """Where in which thread a question stands, as `threads.in_thread` takes it."""
    return {
        'thread': options.thread,
        'fork': options.fork,
        'is_pinned': options.pin,
        'is_summary': options.compact,
    }


class CellTransformer:
    """The first of a shell's input transformers: `%ask` in the cell's text becomes a call."""

    # So IPython's test of whether a cell is complete leaves it out, and reads the text as it was typed.
    has_side_effects = True

    def __init__(self, shell: Shell) -> None:
        self._shell = shell

    def __call__(self, lines: list[str]) -> list[str]:
        return transform(lines, awaits=cell_may_await(self._shell))


def cell_may_await(shell: Shell) -> bool:
    """Whether the cell being read now will be run as a coroutine on a loop that is running already.

    Not in a terminal, whose loop is left behind with the task in it on an interrupt; not with `%autoawait`
    off or set to another loop; not for code that a running cell hands back to IPython (`%%time`, `%%capture`).
    """
    asyncio_runner, _ = shell.loop_runner_map['asyncio']
    return shell.autoawait and shell.loop_runner is asyncio_runner and _loop_runs() and not _inside_a_cell(shell)


def _loop_runs() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _inside_a_cell(shell: Shell) -> bool:
    """Whether a cell's code stands further up on this stack. IPython keeps no mark of it that outlives an error."""
    runs_code = inspect.unwrap(cast(Any, type(shell)).run_code).__code__
    frame = sys._getframe()  # pyright: ignore[reportPrivateUsage]
    while frame is not None and frame.f_code is not runs_code:
        frame = frame.f_back
    return frame is not None


def load(shell: Shell) -> None:
    """Register the magics and the input transformer, once."""
    if 'AskMagics' in shell.magics_manager.registry:
        return
    shell.register_magics(AskMagics(shell))
    reprs.register(shell)
    completion.register(shell)
    shell.input_transformers_cleanup.insert(0, CellTransformer(shell))
    cells.register(shell)
    cassettes.register(shell)


def unload(shell: Shell) -> None:
    """Undo `load`, and nothing else: a magic of that name that someone else registered since then stays."""
    magics = shell.magics_manager.registry.pop('AskMagics', None)
    if magics is None:
        return
    for kind in shell.magics_manager.magics.values():
        if getattr(kind.get('ask'), '__self__', None) is magics:
            del kind['ask']
    reprs.unregister(shell)
    completion.unregister(shell)
    cells.unregister(shell)
    cassettes.unregister()
    shell.configurables.remove(magics)
    transformers = shell.input_transformers_cleanup
    transformers[:] = [t for t in transformers if not isinstance(t, CellTransformer)]
