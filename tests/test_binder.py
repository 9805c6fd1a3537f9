"""What Binder does with a repository, step by step, in a clean copy: environment, requirements, postBuild, start."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[1]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


@pytest.fixture(scope='module')
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the repository holds, without what was built or installed in it."""
    if not (ROOT / '.git').exists():
        pytest.skip('not a git clone')
    folder = tmp_path_factory.mktemp('binder') / 'repo'
    command = ['git', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    for name in subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split('\0'):
        if name and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope='module')
def env(repo: Path) -> dict[str, str]:
    """The environment after the requirements and postBuild, with a home of its own."""
    venv = repo.parent / 'venv'
    home = repo.parent / 'home'
    home.mkdir()
    subprocess.run([sys.executable, '-m', 'venv', str(venv)], check=True)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(('JUPYTER', 'PYTHON'))}
    env = kept | {'PATH': f'{venv / "bin"}:{os.environ["PATH"]}', 'VIRTUAL_ENV': str(venv), 'HOME': str(home)}
    if (pip_config := Path.home() / '.config/pip/pip.conf').exists():
        env['PIP_CONFIG_FILE'] = str(pip_config)  # this machine's way to the registry, lost with its home
    install = [str(venv / 'bin' / 'python'), '-m', 'pip', 'install', '-q', '-r', 'binder/requirements.txt']
    subprocess.run(install, cwd=repo, env=env, check=True)
    subprocess.run(['binder/postBuild'], cwd=repo, env=env, check=True)
    return env


def test_start_runs_the_command_it_is_given(repo, env):
    assert subprocess.run(['binder/start', 'true'], cwd=repo, env=env).returncode == 0
    assert subprocess.run(['binder/start', 'false'], cwd=repo, env=env).returncode == 1


def test_start_opens_the_quickstart(repo, env):
    port = 18_000 + os.getpid() % 2_000
    command = ['binder/start', 'jupyter', 'lab', '--no-browser', '--allow-root', '--ip=127.0.0.1']
    options = [f'--port={port}', '--ServerApp.port_retries=0', '--IdentityProvider.token=']
    server = subprocess.Popen([*command, *options], cwd=repo, env=env, stderr=subprocess.DEVNULL)
    try:
        assert first_redirect(f'http://127.0.0.1:{port}/') == '/lab/tree/notebooks/01-quickstart.ipynb'
    finally:
        server.terminate()
        server.wait(20)


def first_redirect(url: str, timeout: float = 60) -> str | None:
    opener = urllib.request.build_opener(NoRedirect)
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            opener.open(url, timeout=5)
        except urllib.error.HTTPError as answer:
            return answer.headers['Location'].rstrip('?')
        except OSError:
            time.sleep(0.2)
    return None


def test_quickstart_runs_there(repo, env):
    command = ['jupyter', 'nbconvert', '--to', 'notebook', '--execute', '--inplace', 'notebooks/01-quickstart.ipynb']
    done = subprocess.run(command, cwd=repo, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
