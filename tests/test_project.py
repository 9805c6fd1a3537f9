"""The project's own files agree with each other: lock, notebooks, README, Makefile, changelog."""

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
NOTEBOOKS = sorted((ROOT / 'notebooks').glob('*.ipynb'))
README = (ROOT / 'README.md').read_text()
MACHINE_PATH = re.compile(r'(?<![\w.~-])/(?:home|Users|root)/[a-z0-9_.-]+', re.IGNORECASE)


def tracked() -> list[Path]:
    """What is in the repository, or would be after `git add`."""
    if not (ROOT / '.git').exists() or not shutil.which('git'):
        pytest.skip('not a git clone')
    command = ['git', 'ls-files', '--cached', '--others', '--exclude-standard']
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in names.splitlines() if (path := ROOT / name).is_file()]


def fenced(language: str, text: str) -> list[str]:
    return re.findall(rf'^```{language}\n(.*?)^```', text, re.MULTILINE | re.DOTALL)


def make_targets() -> set[str]:
    return set(re.findall(r'^([a-z][a-z-]*)(?=.*:(?!=))', (ROOT / 'Makefile').read_text(), re.MULTILINE))


def test_lock_file_fits_pyproject():
    command = [sys.executable, '-m', 'uv', 'lock', '--check', '--offline']
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, f'run `make lock`:\n{done.stderr}'


def test_no_file_names_a_folder_of_one_machine():
    def lines(path: Path) -> list[str]:
        text = path.read_bytes().decode('utf-8', 'replace')
        return [line for line in text.splitlines() if str(ROOT) in line or MACHINE_PATH.search(line)]

    texts = [path for path in tracked() if path.suffix not in {'.png', '.lock'}]
    found = {str(path.relative_to(ROOT)): hits[:3] for path in texts if (hits := lines(path))}
    assert not found


def test_wheel_takes_the_data_that_the_package_reads():
    build = tomllib.loads((ROOT / 'pyproject.toml').read_text())['tool']['hatch']['build']['targets']['wheel']
    assert build['packages'] == ['jupyter_stream']
    excluded = [ROOT / name for name in build['exclude']]
    data = [path for path in tracked() if path.is_relative_to(ROOT / 'jupyter_stream') and path.suffix != '.py']
    shipped = {path.name for path in data if not any(path.is_relative_to(folder) for folder in excluded)}
    read = {'panel.css', 'message.html', *(f'{name}.js' for name in ('view', 'core', 'highlight', 'maths', 'timeline'))}
    assert read | {'LICENSES.txt', 'py.typed'} <= shipped


def test_cassettes_are_beside_the_notebooks_and_not_in_the_wheel():
    cassettes = {path for path in tracked() if path.name.endswith('.cassette.jsonl')}
    assert {path.with_name(f'{path.stem}.cassette.jsonl') for path in NOTEBOOKS} <= cassettes
    assert not [path for path in cassettes if path.is_relative_to(ROOT / 'jupyter_stream')]


def test_no_large_file():
    large = {path.name: size for path in tracked() if (size := path.stat().st_size) > 1_000_000}
    assert not large


def test_readme_commands_are_in_the_makefile():
    named = set(re.findall(r'\bmake ([a-z][a-z-]*)', '\n'.join(re.findall(r'`[^`]+`|^ {4}.*', README, re.MULTILINE))))
    named |= {word for block in fenced('(?:sh|bash)', README) for word in re.findall(r'\bmake ([a-z][a-z-]*)', block)}
    assert {'demo', 'test', 'lab'} <= named
    assert named <= make_targets()


@pytest.mark.parametrize('name', ['README.md', 'CHANGELOG.md', 'benchmarks/README.md'])
def test_links_to_files_lead_somewhere(name):
    text = (ROOT / name).read_text()
    targets = [link for link in re.findall(r'\]\(([^)#\s]+)', text) if '://' not in link]
    missing = [link for link in targets if not ((ROOT / name).parent / link).exists()]
    assert not missing


def test_changelog_begins_with_this_version():
    versions = re.findall(r'^## (\S+)', (ROOT / 'CHANGELOG.md').read_text(), re.MULTILINE)
    assert versions[0] == PROJECT['version']


def test_there_are_notebooks():
    assert [path.name for path in NOTEBOOKS][:2] == ['01-quickstart.ipynb', '02-the-stream.ipynb']


@pytest.mark.parametrize('path', NOTEBOOKS, ids=lambda path: path.stem)
class TestNotebook:
    def test_is_valid_and_for_any_python_kernel(self, path):
        book = nbformat.read(path, as_version=4)
        nbformat.validate(book)
        assert book.metadata.kernelspec.name == 'python3'
        assert 'widgets' not in book.metadata

    def test_was_run_from_top_to_bottom(self, path):
        cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == 'code']
        assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))

    def test_shows_no_failure_that_it_does_not_announce(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == 'code' and 'raises-exception' not in cell.metadata.get('tags', []):
                assert not [output for output in cell.outputs if output.output_type == 'error']

    def test_outputs_read_without_a_widget(self, path):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get('outputs', []):
                assert 'application/vnd.jupyter.widget-view+json' not in output.get('data', {})
                assert output.get('data', {'text/plain': ''}).keys() & {'text/plain'}


@pytest.mark.parametrize('name', ['.ci/run', 'binder/start', 'binder/postBuild'])
def test_scripts_can_be_run(name):
    path = ROOT / name
    assert os.access(path, os.X_OK)
    shell = shutil.which('bash')
    if shell:
        assert subprocess.run([shell, '-n', str(path)]).returncode == 0


def test_binder_asks_for_the_project_with_its_model():
    lines = (ROOT / 'binder' / 'requirements.txt').read_text().splitlines()
    assert '.[local]' in lines
    assert any(line.startswith('ipykernel>=7.4') for line in lines)
    assert (ROOT / 'binder' / 'runtime.txt').read_text().strip() == 'python-3.11'


def test_readme_models_are_in_the_table_of_providers():
    from jupyter_stream import providers

    rows = re.findall(r'^\| `([a-z-]+):` \|.*\| (.*) \|$', README, re.MULTILINE)
    assert len(rows) >= 5
    for prefix, key in rows:
        provider = providers.find(prefix)
        assert provider, prefix
        assert set(re.findall(r'`([A-Z_]+)`', key)) <= set(provider.key_env)


PAGES = sorted((ROOT / 'docs').glob('*.md'))
FOLDERS = (ROOT, ROOT / 'jupyter_stream', ROOT / 'jupyter_stream/widgets/frontend/src')


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.stem)
def test_a_page_of_prose_names_files_that_are_there(page: Path) -> None:
    text = page.read_text(encoding='utf-8')
    named = re.findall(r'`((?:[\w.-]+/)*[\w-]+\.(?:py|ts|css|md|toml|json))`', text)
    linked = [link for link in re.findall(r'\]\(([^)#]+)\)', text) if '://' not in link]
    missing = [name for name in named if not any(_is_there(folder, name) for folder in FOLDERS)]
    missing += [link for link in linked if not (page.parent / link).is_file()]
    assert not missing


def _is_there(folder: Path, name: str) -> bool:
    return (folder / name).is_file() or ('/' not in name and next(folder.glob(f'**/{name}'), None) is not None)


EXTENSION = ROOT / 'labextension'
INSTALLED = 'share/jupyter/labextensions/jupyter-stream/'


def test_wheel_carries_the_extension_of_jupyterlab():
    """An editable installation is made by the same rules as the wheel, and holds a copy."""
    carried = {
        name.partition(INSTALLED)[2]: file.locate()
        for file in importlib.metadata.files('jupyter-stream') or ()
        if INSTALLED in (name := file.as_posix())
    }
    built = {path.relative_to(EXTENSION).as_posix(): path for path in EXTENSION.rglob('*') if path.is_file()}
    assert carried.keys() == built.keys(), 'run `make setup`'
    for name, path in built.items():
        assert carried[name].read_bytes() == path.read_bytes(), f'run `make setup`: {name}'
    assert sum(path.stat().st_size for path in built.values()) < 20_000


def test_jupyterlab_finds_the_extension_where_it_says():
    manifest = json.loads((EXTENSION / 'package.json').read_text())
    assert manifest['version'] == PROJECT['version'], 'run `make frontend`'
    assert [path.name for path in (EXTENSION / 'static').iterdir()] == [
        manifest['jupyterlab']['_build']['load'].removeprefix('static/')
    ]
    command = [sys.executable, '-m', 'jupyter', 'labextension', 'list']
    done = subprocess.run(command, capture_output=True, text=True)
    line = next(line for line in (done.stdout + done.stderr).splitlines() if 'jupyter-stream' in line)
    assert 'enabled' in line and 'OK' in line
