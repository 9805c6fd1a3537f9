"""The line of the magics: options at its head, prose to the letter after them."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.options import OPTIONS, AskOptions, OptionError, join_prompt, manual, parse


@pytest.mark.parametrize(
    ('line', 'options', 'rest'),
    [
        ('', AskOptions(), ''),
        ('why?', AskOptions(), 'why?'),
        ('  two  spaces ', AskOptions(), 'two  spaces '),
        ('-m openai-chat:gpt-5 -t 0.2 -o ans -- rest', AskOptions('openai-chat:gpt-5', None, 0.2, None, 'ans'), 'rest'),
        ('--model a:b --max-tokens 64 hello', AskOptions(model='a:b', max_tokens=64), 'hello'),
        ('--model=a:b --temperature=0 hello', AskOptions(model='a:b', temperature=0.0), 'hello'),
        ('-s "You are terse." hi', AskOptions(system='You are terse.'), 'hi'),
        ('-s \'say "hi"\' hi', AskOptions(system='say "hi"'), 'hi'),
        (r'-s "a \"quote\" and a \n" hi', AskOptions(system=r'a "quote" and a \n'), 'hi'),
        ('-s "" hi', AskOptions(system=''), 'hi'),
        ("-s it's hi", AskOptions(system="it's"), 'hi'),
        ('--system="in two words" hi', AskOptions(system='in two words'), 'hi'),
        ('-t -1 hi', AskOptions(temperature=-1.0), 'hi'),
        ('-t 0 -t 1 hi', AskOptions(temperature=1.0), 'hi'),
        ('-- -m is an option', AskOptions(), '-m is an option'),
        ('--  two spaces', AskOptions(), ' two spaces'),
        ('--', AskOptions(), ''),
        ('-o größe hi', AskOptions(out='größe'), 'hi'),
    ],
)
def test_options_are_read_from_the_head(line: str, options: AskOptions, rest: str) -> None:
    assert parse(line) == (options, rest)


@pytest.mark.parametrize(
    'prompt',
    [
        "what's {x} worth in $y?",
        'explain `git log --oneline -n 3` to me',
        'a "half quote and a \\ backslash',
        '-5 degrees: cold?',
        '- one item',
        '--> follow',
        '--- a rule',
        'hello -m not:an-option -- still prompt',
        '$HOME ${HOME} {1+1} %d %s',
    ],
)
def test_a_prompt_is_left_to_the_letter(prompt: str) -> None:
    assert parse(prompt) == (AskOptions(), prompt)
    assert parse(f'-m a:b {prompt}') == (AskOptions(model='a:b'), prompt)
    assert parse(f'-- {prompt}') == (AskOptions(), prompt)


@given(st.text(st.characters(exclude_categories=['Cs'])))
def test_whatever_follows_two_dashes_is_prompt(prompt: str) -> None:
    assert parse(f'-t 1 -- {prompt}') == (AskOptions(temperature=1.0), prompt)


@given(st.text())
def test_any_line_parses_or_says_what_is_wrong(line: str) -> None:
    with suppress(OptionError):
        _, rest = parse(line)
        assert line.endswith(rest)


@pytest.mark.parametrize(
    ('line', 'sentence'),
    [
        ('--modle a:b hi', 'no option --modle: did you mean --model?'),
        ('--verbose hi', 'write -- before the prompt'),
        ('-x hi', '%ask has no option -x'),
        ('-t0.2 hi', 'no option -t0.2: did you mean -t?'),
        ('-m', '-m needs a model string after it.'),
        ('-m --', '-m needs a model string after it.'),
        ('-m -t 0.2 hi', '-m needs a model string after it.'),
        ('-m= hi', '-m needs a model string after it.'),
        ('-m "" hi', "-m needs a model string, not ''."),
        ('-t warm hi', "-t needs a number, not 'warm'."),
        ('-t nan hi', "-t needs a number, not 'nan'."),
        ('--max-tokens 1.5 hi', "--max-tokens needs a positive whole number, not '1.5'."),
        ('--max-tokens 0 hi', "--max-tokens needs a positive whole number, not '0'."),
        ('-o my-var hi', "-o needs a variable's name, not 'my-var'."),
        ('-o class hi', "-o needs a variable's name, not 'class'."),
        ('-s "never closed', 'The quoted value of -s has no closing quote'),
    ],
)
def test_a_mistake_gets_one_sentence(line: str, sentence: str) -> None:
    with pytest.raises(OptionError) as caught:
        parse(line)
    assert sentence in str(caught.value)
    assert isinstance(caught.value, UserError)


@pytest.mark.parametrize(
    ('rest', 'body', 'prompt'),
    [
        ('on the line', None, 'on the line'),
        ('', 'below\n', 'below'),
        ('first', 'second\n', 'first\nsecond'),
        ('', '  indented\n\n', '  indented\n'),
        ('', '\nafter a blank line\n', '\nafter a blank line'),
        ('only', '', 'only'),
        ('  ', 'below\n', 'below'),
    ],
)
def test_the_line_and_the_body_are_joined(rest: str, body: str | None, prompt: str) -> None:
    assert join_prompt(rest, body) == prompt


@pytest.mark.parametrize(('rest', 'body'), [('', None), (' ', None), ('', '\n'), ('', ' \n\t\n')])
def test_an_empty_prompt_is_refused(rest: str, body: str | None) -> None:
    with pytest.raises(OptionError, match='nothing to ask'):
        join_prompt(rest, body)


def test_the_manual_names_every_flag() -> None:
    for option in OPTIONS:
        for flag in option.flags:
            assert flag in manual()


def test_the_line_end_that_closes_a_body_is_not_part_of_it_on_any_system() -> None:
    assert join_prompt('', 'one\r\ntwo\r\n') == 'one\r\ntwo'
