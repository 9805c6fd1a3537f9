"""`tools/`: what `make demo` prints and when it fails; where Chromium is looked for; the picture and its answers."""

import importlib.util
import io
from pathlib import Path
from types import ModuleType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from tools import picture, replay


def load(name: str) -> ModuleType:
    path = Path(__file__).resolve().parents[1] / 'tools' / f'{name}.py'
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


demo = load('demo')
chromium = load('chromium')


def printed(*texts: str) -> str:
    out = io.StringIO()
    growing = demo.Growing(out)
    for text in texts:
        growing.show(text)
    growing.end()
    return out.getvalue().rstrip('\n')


@pytest.mark.parametrize(
    ('texts', 'output'),
    [
        (['One', 'One two', 'One two three'], 'One two three'),
        (['One\n\ntwo', 'One\ntwo three'], 'One\n\ntwo three'),
        (['One two', 'One'], 'One two'),
        (['Asking …', 'The answer'], 'Asking …\nThe answer'),
        (['One', 'One'], 'One'),
        (['', 'One'], 'One'),
        (['**On**', '**One two**', '**One two** three'], '**One two** three'),
        (['```py\na\n```', '```py\na = 1\n```'], '```py\na = 1\n```'),
    ],
    ids=['grows', 'spaced otherwise', 'shrinks', 'is another text', 'stays', 'begins', 'emphasis', 'code'],
)
def test_only_what_is_new_is_printed(texts, output):
    assert printed(*texts) == output


def notebook(*texts: str | None) -> nbformat.NotebookNode:
    """A notebook whose cells show these answers; None for a cell that shows something else."""
    metadata = {'jupyter_stream': {}}
    answers = [
        new_output('display_data', {'text/plain': text}, metadata=metadata) for text in texts if text is not None
    ]
    return new_notebook(cells=[new_code_cell('1', outputs=[*answers, new_output('stream', text='other')])])


def test_answers_are_the_outputs_that_carry_our_metadata():
    assert demo.answers(notebook('One', 'Two')) == ['One', 'Two']
    assert demo.answers(notebook(None)) == []


@pytest.mark.parametrize(
    ('texts', 'says'),
    [(['One', ' \n'], '1 of 2 answers are empty'), ([], 'no answer'), (['One'], None)],
)
def test_an_empty_answer_is_a_failure(monkeypatch, texts, says):
    monkeypatch.setattr(demo.LiveClient, 'execute', lambda self: None)
    problem = demo.run(notebook(*texts))
    assert problem is None if says is None else says in problem


def test_chromium_is_where_the_variable_says_or_nowhere(monkeypatch, tmp_path):
    binary = tmp_path / 'chrome'
    binary.write_text('#!/bin/sh\n')
    binary.chmod(0o755)
    monkeypatch.setenv('CHROMIUM', str(binary))
    assert chromium.find() == str(binary)
    monkeypatch.setenv('CHROMIUM', str(tmp_path / 'none'))
    assert chromium.find() is None


@pytest.mark.parametrize(
    ('times', 'durations'),
    [
        ([0.0, 0.25, 0.5], [(0, 250), (1, 250), (2, 2500)]),
        ([0.0, 0.1, 0.2, 0.5], [(0, 250), (2, 250), (3, 2500)]),
        ([0.0, 1.0], [(0, 1000), (1, 2500)]),
    ],
    ids=['each', 'too many', 'nothing changes'],
)
def test_a_picture_shows_what_was_there_at_each_tick(times, durations):
    frames = [picture.Frame(at, Image.new('L', (1, 1), number)) for number, at in enumerate(times)]
    assert [(image.getpixel((0, 0)), shown) for image, shown in picture.sampled(frames, 4)] == durations


def test_the_picture_moves_and_is_small():
    data = picture.PICTURE.read_bytes()
    assert len(data) < picture.LIMIT
    assert Image.open(picture.PICTURE).n_frames > 20


def test_tokens_are_the_text():
    text = 'A *word*, a longerone:\n\n```py\nx = $y_1$\n``` 漢字 🙂\n'
    assert ''.join(replay.tokens(text)) == text
    assert len(replay.tokens(text)) > 15
