"""The rig itself, on cells that have nothing to do with us: what it reads is what the page shows."""

import pytest

pytestmark = pytest.mark.browser


def test_outputs_text_and_samples(notebook):
    cells = ['import time\nfor i in range(5):\n    print(i, flush=True)\n    time.sleep(0.2)', '1 + 1']
    book = notebook(cells)
    lengths = [len(sample.text) for sample in book.watch(0)]
    assert lengths == sorted(set(lengths)) and len(lengths) >= 3
    book.run(1)
    assert book.text(1) == '2'
    assert book.outputs(1)[0]['data']['text/plain'] == '2'
    assert book.save().cells[1].outputs[0].data['text/plain'] == '2'


def test_interrupt_ends_a_cell_and_run_all(notebook):
    book = notebook(['import time\nprint("begun")\ntime.sleep(60)', 'print("never")'])
    book.run_all()
    book.until_text(0, 'begun')
    book.interrupt()
    book.wait_idle(10)
    assert 'KeyboardInterrupt' in book.text(0)
    assert book.text(1) == ''
