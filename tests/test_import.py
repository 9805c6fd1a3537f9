"""What an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import version

import pytest

import jupyter_stream

HEAVY = ('httpx', 'IPython', 'ipywidgets', 'pydantic', 'anywidget', 'nest_asyncio2', 'xllamacpp')


def loaded_after(code: str) -> set[str]:
    """The heavy packages that a fresh process has loaded after running the code."""
    script = f'{code}\nimport sys\nprint([m for m in {HEAVY!r} if m in sys.modules])'
    done = subprocess.run([sys.executable, '-c', script], capture_output=True, text=True, check=True, timeout=60)
    return set(ast.literal_eval(done.stdout.strip().splitlines()[-1]))


def test_importing_the_package_loads_nothing() -> None:
    assert loaded_after('import jupyter_stream; jupyter_stream.__version__; dir(jupyter_stream)') == set()


def test_loading_the_extension_loads_neither_http_nor_widgets() -> None:
    code = 'from IPython.core.interactiveshell import InteractiveShell as Shell\n'
    assert loaded_after(f'{code}Shell().run_line_magic("load_ext", "jupyter_stream")') == {'IPython'}


def test_the_public_names_are_there_when_asked_for() -> None:
    assert set(jupyter_stream.__all__) <= set(dir(jupyter_stream))
    for name in jupyter_stream.__all__:
        assert getattr(jupyter_stream, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match='no_such_name'):
        _ = jupyter_stream.no_such_name


def test_the_version_is_that_of_the_distribution() -> None:
    assert jupyter_stream.__version__ == version('jupyter-stream')
