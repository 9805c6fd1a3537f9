"""What an import costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import requires, version

import pytest
from packaging.requirements import Requirement

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


BLOCKED = """
import pkgutil, sys
from importlib import import_module

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition('.')[0] in ('ipykernel', 'nest_asyncio2', 'nest_asyncio'):
            raise ModuleNotFoundError(f'No module named {name!r}', name=name)

sys.meta_path.insert(0, Blocked())
"""


def run(code: str) -> str:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_can_be_imported_where_there_is_neither_ipykernel_nor_nest_asyncio2() -> None:
    printed = run(f"""{BLOCKED}
import jupyter_stream
for module in pkgutil.walk_packages(jupyter_stream.__path__, 'jupyter_stream.'):
    if not module.name.endswith('__main__'):
        import_module(module.name)
print([name for name in jupyter_stream.__all__ if getattr(jupyter_stream, name) is None])
""")
    assert printed == '[]\n'


def test_without_nest_asyncio2_a_loop_bound_call_in_a_running_loop_says_to_await() -> None:
    printed = run(f"""{BLOCKED}
import asyncio
from jupyter_stream import bridge
from jupyter_stream.exceptions import UserError

async def answer():
    return 42

async def main():
    print(await bridge.guard(answer()), bridge.run(answer))
    try:
        bridge.run(answer, loop_bound=True)
    except UserError as error:
        print(error)

print(bridge.run(answer, loop_bound=True))
asyncio.run(main())
""")
    assert printed.splitlines()[:2] == ['42', '42 42']
    assert 'nest-asyncio2' in printed
    assert 'await the async function' in printed


def test_neither_is_demanded_in_pyodide() -> None:
    required = [Requirement(line) for line in requires('jupyter-stream') or ()]
    pyodide = {'sys_platform': 'emscripten', 'extra': ''}
    for name in ('ipykernel', 'nest-asyncio2'):
        (one,) = (requirement for requirement in required if requirement.name == name)
        assert one.marker is not None
        assert not one.marker.evaluate(pyodide)
        assert one.marker.evaluate({**pyodide, 'sys_platform': 'linux'})
