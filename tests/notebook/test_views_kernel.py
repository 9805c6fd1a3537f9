"""The choice of a view in real kernels, by what real clients say in their requests."""

from __future__ import annotations

import nbformat
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient

ASK = (
    'from jupyter_stream.notebook.views import choose\n'
    'from jupyter_stream.messages import ModelResponse, PartStartEvent, TextPart\n'
    'view = choose(get_ipython(), owns=True)\n'
    'view.start("m")\n'
    'view.update(PartStartEvent(index=0, part=TextPart("Hi")))\n'
    'view.tick()\n'
    'view.finish(ModelResponse(parts=[TextPart("Hi")]), None, None)\n'
    'print(type(view).__name__)'
)


def test_a_client_that_runs_notebooks_gets_one_display() -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(ASK)])
    NotebookClient(notebook, timeout=60, kernel_name='python3').execute()
    display, printed = notebook.cells[0].outputs
    assert dict(display.data) == {'text/markdown': 'Hi', 'text/plain': 'Hi'}
    assert printed.text == 'StaticView\n'


def test_a_front_end_with_a_person_gets_a_growing_one() -> None:
    manager, client = start_new_kernel(kernel_name='python3')
    try:
        messages: list[dict] = []
        client.execute_interactive(ASK, allow_stdin=True, timeout=60, output_hook=messages.append)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    kinds = [m['msg_type'] for m in messages if m['msg_type'] not in ('status', 'execute_input', 'comm_open')]
    # How often it grows in between is a matter of time.
    assert kinds[0] == 'display_data' and set(kinds[1:-3]) <= {'update_display_data'}
    assert kinds[-3:] == ['clear_output', 'display_data', 'stream']
    assert messages[-2]['content']['text'] == 'WidgetView\n'
