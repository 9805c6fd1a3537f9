"""The line of `%ask` and `%%ask`: options at its head, and then a prompt that is nobody's syntax.

A pure parser, made for prose. It stops at the first word that is no option, and from there on it
changes nothing: no quoting, no folding of spaces, no expansion. (A shell's word splitter fails on
an apostrophe and an argument parser takes `--words` out of the middle of a sentence.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from keyword import iskeyword
from typing import Any

from jupyter_stream.cassettes import MODES, Mode
from jupyter_stream.exceptions import UserError

__all__ = ('OPTIONS', 'AskOptions', 'Option', 'OptionError', 'Typing', 'join_prompt', 'manual', 'parse', 'typing')


class OptionError(UserError):
    """The line of `%ask` cannot be understood; the message says which word and what to write instead."""


@dataclass(frozen=True, slots=True)
class AskOptions:
    """What the options said; None where the line said nothing, False for those that have no value.

    `temperature` is a finite number, `max_tokens` a positive count of tokens, `out` a Python identifier.
    """

    model: str | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    out: str | None = None
    as_: str | None = None
    retries: int | None = None
    trace: bool = False
    raw: bool = False
    dry_run: bool = False
    with_outputs: int | None = None
    thread: str | None = None
    fresh: bool = False
    fork: str | None = None
    again: bool = False
    pin: bool = False
    compact: bool = False
    history: bool = False
    versions: bool = False
    forget: str | None = None
    clear: bool = False
    save: str | None = None
    load: str | None = None
    cassette: Mode | None = None


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def _variable(text: str) -> str:
    if iskeyword(text) or not text.isidentifier():
        raise ValueError(text)
    return text


def _mode(text: str) -> str:
    if text not in MODES:
        raise ValueError(text)
    return text


def _name(text: str) -> str:
    if not text.strip():
        raise ValueError(text)
    return text


@dataclass(frozen=True, slots=True)
class Option:
    """One option: how it is written, the field of `AskOptions` it sets, and what its value must be.

    One without a `metavar` has no value: it is said, or not.
    """

    field: str
    flags: tuple[str, ...]
    metavar: str
    wants: str
    help: str
    convert: Callable[[str], Any]

    @property
    def head(self) -> str:
        """How it is written: `-m, --model MODEL`."""
        return f'{", ".join(self.flags)} {self.metavar}'.rstrip()


OPTIONS: tuple[Option, ...] = (
    Option('model', ('-m', '--model'), 'MODEL', 'a model string', 'the model, as provider:name', _name),
    Option('system', ('-s', '--system'), 'TEXT', 'a text', 'the system prompt; quote it if it has spaces', str),
    Option('temperature', ('-t', '--temperature'), 'NUMBER', 'a number', 'the sampling temperature', _number),
    Option(
        'max_tokens', ('--max-tokens',), 'COUNT', 'a positive whole number', 'the most tokens to answer with', _count
    ),
    Option('as_', ('--as',), 'TYPE', 'a type', 'what the answer is to be: a model, `list[Model]`, int; quoted', _name),
    Option(
        'retries',
        ('--retries',),
        'COUNT',
        'a positive whole number',
        'how often the model may try again where the answer is not of the type',
        _count,
    ),
    Option('trace', ('--trace',), '', '', 'show when what of the answer came; alone, of the last answers', bool),
    Option('raw', ('--raw',), '', '', 'send the prompt to the letter, {{ and }} too', bool),
    Option(
        'with_outputs',
        ('--with-outputs',),
        'COUNT',
        'a positive whole number',
        'send source and outputs of so many cells that ran last',
        _count,
    ),
    Option('dry_run', ('-n', '--dry-run'), '', '', 'show the messages that would be sent; nobody is asked', bool),
    Option('out', ('-o', '--out'), 'VAR', "a variable's name", 'a variable for the answer object', _variable),
    Option(
        'thread',
        ('-T', '--thread'),
        'NAME',
        'a name',
        'the thread to go on in; without it, that of the notebook',
        _name,
    ),
    Option('fresh', ('--fresh',), '', '', 'ask without history; the answer belongs to no thread', bool),
    Option('fork', ('--fork',), 'NAME', 'a name', 'go on from the last turn of another thread, in a new one', _name),
    Option('again', ('--again',), '', '', "ask anew, also where AskMagics.rerun is 'reuse'", bool),
    Option('pin', ('--pin',), '', '', 'send this turn always, however long its thread grows', bool),
    Option(
        'compact', ('--compact',), '', '', 'have the turns above summed up; the summary is sent in their place', bool
    ),
    Option('history', ('--history',), '', '', 'show the thread as a table', bool),
    Option('versions', ('--versions',), '', '', 'show all answers of a cell, `5`, or take one back, `5:1`', bool),
    Option('forget', ('--forget',), 'CELL', "a cell's number", 'leave the turn of a cell out from now on', _name),
    Option('clear', ('--clear',), '', '', 'forget all turns of the thread', bool),
    Option('save', ('--save',), 'FILE', "a file's name", 'write the messages of the thread, as JSON', _name),
    Option('load', ('--load',), 'FILE', "a file's name", 'add the turns of such a file', _name),
    Option(
        'cassette', ('--cassette',), 'MODE', 'replay, record, auto or off', 'record the answer, or replay it', _mode
    ),
)
_BY_FLAG = {flag: option for option in OPTIONS for flag in option.flags}


@dataclass(frozen=True, slots=True)
class Typing:
    """The word at which somebody is typing: the value of an option, or an option itself where that is None."""

    option: Option | None
    text: str


# `-5 degrees`, `- a list` and `-->` start a prompt, so only a letter after the dashes makes an option.
_OPTION = re.compile(r'(?P<flag>--?[^\W\d_][\w-]*|-[^\W\d_][^\s=]*)(?:(?P<equals>=)|(?=\s|$))')
_SPACE = re.compile(r'\s*')
_END = re.compile(r'--(?:\s|$)')
_VALUE = re.compile(r""""(?P<double>(?:[^"\\]|\\.)*)"(?=\s|$)|'(?P<single>(?:[^'\\]|\\.)*)'(?=\s|$)|(?P<bare>\S+)""")
_LAST_END = re.compile(r'\r?\n\Z')
_ESCAPED = re.compile(r"""\\(["'\\])""")
_FLAG_BEGUN = re.compile(r'-{0,2}|--?[^\W\d_][\w-]*')


def parse(line: str) -> tuple[AskOptions, str]:
    """Split the line of a magic into its options and the raw rest, which is prompt.

    Options are read until `--` (which is dropped, with the one space after it) or until the first word
    that is none. A value may be quoted with " or '. The last of a repeated option counts.

    Raises:
        OptionError: an unknown option, a missing or malformed value.
    """
    values: dict[str, Any] = {}
    at = _skip(line, 0)
    while not (end := _END.match(line, at)):
        word = _OPTION.match(line, at)
        if word is None:
            return AskOptions(**values), line[at:]
        option = _known(word['flag'])
        text, at = _value(line, word, option) if option.metavar else (_alone(word), word.end())
        values[option.field] = _converted(option, word['flag'], text)
        at = _skip(line, at)
    return AskOptions(**values), line[end.end() :]


def typing(line: str) -> Typing | None:
    """What is being typed at the end of a line that is not finished; None where that is the prompt, or nothing yet.

    >>> typing('-t 0 --model ope').text
    'ope'
    """
    at = _skip(line, 0)
    while (word := _OPTION.match(line, at)) and (option := _BY_FLAG.get(word['flag'])):
        start = _value_start(line, word)
        if start == word.end() and not word['equals']:
            break
        if not option.metavar:
            at = start
            continue
        found = _VALUE.match(line, start)
        if found is None or (found['bare'] and found.end() == len(line)):
            return Typing(option, line[start:])
        at = _skip(line, found.end())
        if at == found.end():
            return None
    return Typing(None, line[at:]) if _FLAG_BEGUN.fullmatch(line, at) else None


def join_prompt(rest: str, body: str | None) -> str:
    """The prompt: the rest of the line, and below it the cell's body, if there is one.

    One newline at the body's end is not part of it: IPython adds one to every cell.

    Raises:
        OptionError: there is nothing but white space.
    """
    body = _LAST_END.sub('', body or '')
    prompt = f'{rest}\n{body}' if rest.strip() and body else body or rest
    if not prompt.strip():
        raise OptionError('There is nothing to ask: write the prompt after %ask, or below %%ask.')
    return prompt


def manual() -> str:
    """The options as a text table, for the magic's own manual."""
    width = max(len(option.head) for option in OPTIONS)
    rows = [f'    {option.head:<{width}}  {option.help}' for option in OPTIONS]
    return '\n'.join([*rows, f'    {"--":<{width}}  ends the options: the rest is prompt, whatever it looks like'])


def _skip(line: str, at: int) -> int:
    space = _SPACE.match(line, at)
    return space.end() if space else at


def _known(flag: str) -> Option:
    if option := _BY_FLAG.get(flag):
        return option
    near = get_close_matches(flag, _BY_FLAG, n=1, cutoff=0.5)
    hint = f'did you mean {near[0]}?' if near else f'its options are {", ".join(_BY_FLAG)}.'
    raise OptionError(f'%ask has no option {flag}: {hint} If it belongs to the prompt, write -- before the prompt.')


def _value(line: str, word: re.Match[str], option: Option) -> tuple[str, int]:
    """The text of an option's value, unquoted, and where it ends."""
    start = _value_start(line, word)
    found = _VALUE.match(line, start)
    if found is None or (not word['equals'] and _is_option(found['bare'] or '')):
        raise OptionError(f'{word["flag"]} needs {option.wants} after it.')
    if (found['bare'] or '')[:1] in {'"', "'"}:
        raise OptionError(f'The quoted value of {word["flag"]} has no closing quote: {found["bare"]}')
    quoted = found['double'] if found['double'] is not None else found['single']
    return (found['bare'] if quoted is None else _ESCAPED.sub(r'\1', quoted)), found.end()


def _value_start(line: str, word: re.Match[str]) -> int:
    return word.end() if word['equals'] else _skip(line, word.end())


def _alone(word: re.Match[str]) -> str:
    """The text of an option without a value: its name."""
    if word['equals']:
        raise OptionError(f'{word["flag"]} takes no value: write it alone.')
    return word['flag']


def _is_option(word: str) -> bool:
    return word == '--' or word.partition('=')[0] in _BY_FLAG


def _converted(option: Option, flag: str, text: str) -> Any:
    try:
        return option.convert(text)
    except ValueError:
        raise OptionError(f'{flag} needs {option.wants}, not {text!r}.') from None
