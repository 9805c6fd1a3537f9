"""A runtime that loads in no time: what is tested is the process around it."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jupyter_stream.local import server as servers
from jupyter_stream.local.server import Options, Server
from jupyter_stream.local.weights import Weights

# The file's name says how loading it goes.
RUNTIME = """
    import os, signal, sys, time
    from pathlib import Path

    class CommonParams:
        def __init__(self):
            self.model = type('Model', (), {})()
            self.sampling = type('Sampling', (), {})()
            self.cpuparams = type('Cpu', (), {})()
            self.cpuparams_batch = type('Cpu', (), {})()

    class Server:
        def __init__(self, params):
            print('llama.cpp says something on standard output', flush=True)
            does = Path(params.model.path).stem
            if does == 'refused':
                print("0.00.004.928 E gguf_init: invalid magic characters: 'no'", file=sys.stderr)
                print('0.00.004.929 E srv  load_model: failed to load model', file=sys.stderr, flush=True)
                raise RuntimeError('Failed to init server, please check the input params.')
            if does == 'illegal':
                os.kill(os.getpid(), signal.SIGILL)
            if does == 'left':
                os._exit(3)
            if does == 'slow':
                time.sleep(0.4)
            if does == 'never':
                time.sleep(60)
            self.listening_address = 'http://127.0.0.1:' + str(params.n_ctx)
            with open(Path(params.model.path).with_suffix('.json'), 'a') as log:
                log.write(repr({name: str(value) for name, value in vars(params).items()}) + chr(10))
"""


@dataclass
class Runtime:
    """Where the stand-in is, and servers on it."""

    folder: Path
    made: list[Server]

    def server(self, does: str = 'loads', **options: int) -> Server:
        path = self.folder / f'{does}.gguf'
        path.write_bytes(b'GGUF')
        server = Server(Weights(path, 'toy', 'Toy'), Options(**{'threads': 1, 'context': 4711, **options}))
        self.made.append(server)
        return server


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    package = tmp_path / 'runtime' / 'xllamacpp'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text(textwrap.dedent(RUNTIME))
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setenv('PYTHONPATH', str(package.parent))
    made: list[Server] = []
    yield Runtime(tmp_path, made)
    for server in made:
        server.stop()


@pytest.fixture
def no_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, '_kernel', servers._Kernel())
