"""What is asked, and how, where the caller does not say: settings, then the environment, then the embedded model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from jupyter_stream.models import Model
    from jupyter_stream.models.instrumented import Instrument

__all__ = (
    'BYLINE_VARIABLE',
    'EMBEDDED',
    'MODEL_VARIABLE',
    'RERUN_VARIABLE',
    'VALUE_TOKENS',
    'Defaults',
    'default_byline',
    'default_model',
    'default_rerun',
    'defaults_of',
)

MODEL_VARIABLE = 'JUPYTER_STREAM_MODEL'
BYLINE_VARIABLE = 'JUPYTER_STREAM_BYLINE'
RERUN_VARIABLE = 'JUPYTER_STREAM_RERUN'
EMBEDDED = 'local:'
VALUE_TOKENS = 1_000
_NO = frozenset({'0', 'false', 'no', 'off'})


@dataclass(frozen=True, slots=True)
class Defaults:
    """What `%config AskMagics` says; None where it says nothing. `view` names a way of showing, or 'auto';
    `images` lets images of answers be loaded from the web, `byline` has their last line say who answered, `instrument`
    has requests recorded with OpenTelemetry. `history` says whether a question goes on in its thread, `last` with how
    many turns of it at most, `save` whether a notebook keeps what a thread is restored from, and `rerun` whether a cell
    that asks the same again shows the answer that it has. `value_tokens` is how many tokens a value in a prompt may
    have, `cassette` the mode in which answers are recorded and replayed, `cassettes` the folder for that.
    """

    model: Model | str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    view: str = 'auto'
    images: bool = False
    byline: bool = True
    instrument: Instrument = None
    history: bool | Literal['trim'] = True
    last: int | None = None
    save: Literal['turn', 'answer'] = 'turn'
    rerun: Literal['ask', 'reuse'] = 'ask'
    value_tokens: int = VALUE_TOKENS
    cassette: str | None = None
    cassettes: str | None = None


def default_model(setting: Model | str | None = None, environ: Mapping[str, str] | None = None) -> Model | str:
    """The model to use: the setting, else the variable JUPYTER_STREAM_MODEL, else the embedded model."""
    environ = os.environ if environ is None else environ
    return setting or environ.get(MODEL_VARIABLE, '').strip() or EMBEDDED


def default_byline(setting: bool | None = None, environ: Mapping[str, str] | None = None) -> bool:
    """Whether answers say who wrote them: the setting, else the variable JUPYTER_STREAM_BYLINE, else yes."""
    environ = os.environ if environ is None else environ
    return setting if setting is not None else environ.get(BYLINE_VARIABLE, '').strip().lower() not in _NO


def default_rerun(setting: str | None = None, environ: Mapping[str, str] | None = None) -> Literal['ask', 'reuse']:
    """What a cell does that asks the same again: the setting, else the variable JUPYTER_STREAM_RERUN, else it asks."""
    environ = os.environ if environ is None else environ
    return 'reuse' if (setting or environ.get(RERUN_VARIABLE, '').strip().lower()) == 'reuse' else 'ask'


def defaults_of(shell: Any) -> Defaults:
    """The settings of a shell's loaded extension; all unset where there is no shell or it is not loaded."""
    manager = getattr(shell, 'magics_manager', None)
    magics = manager.registry.get('AskMagics') if manager is not None else None
    if magics is None:
        return Defaults(byline=default_byline(), rerun=default_rerun())
    return magics.defaults
