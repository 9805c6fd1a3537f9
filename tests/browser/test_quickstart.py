"""The quickstart as a person runs it: in JupyterLab, on the embedded model; saved; read again without a kernel."""

import re
import shutil
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.local_model, pytest.mark.timeout(300)]
QUICKSTART = Path(__file__).resolve().parents[2] / 'notebooks' / '01-quickstart.ipynb'

BYLINE = re.compile(r'— \S+ · \d+ tokens in, \d+ out')


def growth(texts: list[str]) -> list[int]:
    """Returns the lengths that an answer had, without the notes before its first word."""
    begun = [text for text in texts if len(text) >= 10 and texts[-1].startswith(text[:10])]
    return sorted({len(text) for text in begun})


def test_quickstart_grows_is_saved_and_is_read_without_a_kernel(lab):
    path = Path(shutil.copy(QUICKSTART, lab.server.work / 'quickstart.ipynb'))
    book = lab.open(path)
    cells = book.saved().cells
    code = [index for index, cell in enumerate(cells) if cell.cell_type == 'code']
    asked = [index for index in code if cells[index].source.startswith('%%ask')]
    grown = {}
    for index in code:
        grown[index] = growth([sample.text for sample in book.watch(index, timeout=120)])
        book.reveal(index)
        lab.screenshot(f'quickstart-{index:02}')
    print('lengths seen of each answer:', [grown[index] for index in asked])
    assert max(len(grown[index]) for index in asked) >= 5 and len(asked) >= 3

    saved = book.save()
    read = {}
    for index in asked:
        (output,) = saved.cells[index].outputs
        assert set(output.data) == {'text/markdown', 'text/plain'}
        assert output.data['text/plain'].strip()
        about = output.metadata['jupyter_stream']
        assert about['model'] and about['usage'] and about['state'] == 'complete'
        read[index] = book.text(index)
    first = saved.cells[asked[0]].outputs[0].metadata['jupyter_stream']
    assert first['settings'] == {'temperature': 0, 'max_tokens': 80} and first['finish_reason'] == 'stop'
    assert not [output for cell in saved.cells for output in cell.get('outputs', []) if output.output_type == 'error']

    lab.server.stop_kernels()
    lab.load()
    again = lab.open(path, kernel=False)
    lab.page.wait_for_timeout(1000)
    assert lab.server.api('kernels') == []
    for index in asked:
        text = again.text(index).strip()
        assert BYLINE.fullmatch(text.rsplit('\n', 1)[1])
        assert read[index].startswith(text)
        muted = read[index].removeprefix(text).strip()  # which is the page's, and not the file's
        line, *rest = muted.split('\n')
        assert 'first token' in line and all(re.fullmatch(r'[·‹›]|\d/\d|with \[.*', one) for one in rest)
    again.reveal(asked[0])
    lab.screenshot('quickstart-without-kernel')
