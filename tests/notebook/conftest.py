"""A kernel for the tests of a module, with a few models that are functions."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from jupyter_client.manager import start_new_kernel

from .kernels import KEY, PRELUDE, Kernel


@pytest.fixture(scope='module')
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    env = {
        **os.environ,
        'IPYTHONDIR': str(tmp_path_factory.mktemp('ipython')),
        'OPENAI_API_KEY': KEY,
        'OPENAI_BASE_URL': 'http://127.0.0.1:9/v1',
    }
    manager, client = start_new_kernel(kernel_name='python3', env=env)
    try:
        kernel = Kernel(manager, client)
        outcome = kernel.run(PRELUDE)
        assert outcome.reply is not None
        assert outcome.reply['status'] == 'ok', outcome.messages
        yield kernel
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
