"""The models: what can be asked, and `infer_model`, which finds one by its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from jupyter_stream._secret import Secret, hidden
from jupyter_stream.checks import checked_text, kind_of
from jupyter_stream.exceptions import UserError
from jupyter_stream.models.base import Model
from jupyter_stream.parameters import ModelRequestParameters
from jupyter_stream.providers._known_models import KNOWN_MODELS, KnownModelName
from jupyter_stream.settings import ModelSettings
from jupyter_stream.stream import CompletedStreamedResponse, StreamedResponse
from jupyter_stream.stream._characters import whole_text

if TYPE_CHECKING:
    import httpx

    from jupyter_stream.models._downloads import download_item
    from jupyter_stream.profiles import Profile
    from jupyter_stream.providers import Provider

__all__ = (
    'ALLOW_MODEL_REQUESTS',
    'CompletedStreamedResponse',
    'KnownModelName',
    'Model',
    'ModelRequestParameters',
    'ModelSettings',
    'StreamedResponse',
    'check_allow_model_requests',
    'download_item',
    'infer_model',
    'known_model_names',
    'override_allow_model_requests',
    'parse_model_id',
    'profile_of',
)

ALLOW_MODEL_REQUESTS = True
"""Set to False in tests: a model that would go over the network then raises instead."""


def check_allow_model_requests() -> None:
    """Called before a request leaves the machine.

    Raises:
        RuntimeError: `ALLOW_MODEL_REQUESTS` is False.
    """
    if not ALLOW_MODEL_REQUESTS:
        raise RuntimeError('Model requests are not allowed, since ALLOW_MODEL_REQUESTS is False')


@contextmanager
def override_allow_model_requests(allow_model_requests: bool) -> Generator[None]:
    """Allow or forbid requests inside a `with`."""
    global ALLOW_MODEL_REQUESTS
    before = ALLOW_MODEL_REQUESTS
    ALLOW_MODEL_REQUESTS = allow_model_requests  # pyright: ignore[reportConstantRedefinition]
    try:
        yield
    finally:
        ALLOW_MODEL_REQUESTS = before  # pyright: ignore[reportConstantRedefinition]


def infer_model(
    model: Model | KnownModelName | str,
    provider_factory: Callable[[str], Provider] | None = None,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    http_client: httpx.AsyncClient | None = None,
) -> Model:
    """The model of a name such as `openai-chat:gpt-5-mini`, `ollama:qwen3` or `local:`; a model is returned as it is.

    Args:
        model: `provider:model`, or `test`.
        provider_factory: gives the provider of a prefix, such as `lambda prefix: replace(find(prefix), …)` with what
            `jupyter_stream.providers` offers; without it, the provider of that prefix.
        api_key: the provider's key; without it, the environment variable of the provider is read.
        base_url: where the provider is, if not at its usual address.
        http_client: a client of your own for the requests. It belongs to the event loop that it is used on.

    Raises:
        UserError: the name is unknown (the message names the nearest), or a key is missing (it names the variable).

    >>> infer_model('test').model_id
    'test:test'
    """
    if isinstance(model, Model):
        return model
    if model == 'test':
        from jupyter_stream.models.test import TestModel

        return TestModel()
    key, url = hidden(api_key), hidden(base_url)
    del api_key, base_url  # a verbose traceback would show them
    _check(model, key, url)
    found = _resolved(model, key, url, provider_factory)
    unready: UserError | None = None
    if isinstance(found, UserError):
        unready, found = found, _of_recordings(model, key, url, provider_factory)
        if found is None:
            raise unready
    provider, name, key, url = found
    match provider.model:
        case 'http':
            from jupyter_stream.models.http import HTTPModel as Kind
        case 'vertex':
            from jupyter_stream.models.vertex import VertexModel as Kind
        case 'bedrock':
            from jupyter_stream.models.bedrock import BedrockModel as Kind
        case 'mantle':
            from jupyter_stream.models.bedrock import MantleModel as Kind
        case 'local':
            from jupyter_stream.models.local import LocalModel

            return LocalModel(name)
    made = Kind(provider, name, api_key=key, base_url=url, http_client=http_client)
    made.unready = unready or made.unready
    return made


def known_model_names() -> tuple[str, ...]:
    """The well-known model strings, as an editor offers them; many others work too."""
    return KNOWN_MODELS


def parse_model_id(model: str) -> tuple[str | None, str]:
    """Provider and model of a model string; the provider is None where the string names none."""
    provider, colon, name = model.partition(':')
    return (provider, name) if colon else (None, model)


def profile_of(model: Model | str) -> Profile:
    """What is known of a model, or of the one that a model string names; nothing is asked, and no key is needed."""
    if isinstance(model, Model):
        return model.profile
    from jupyter_stream.profiles import Profile, profile
    from jupyter_stream.providers import find

    prefix, name = parse_model_id(model)
    provider = find(prefix) if prefix else None
    return profile(provider, name) if provider is not None else Profile()


def __getattr__(name: str) -> Any:
    """`download_item`, which needs httpx, when it is asked for."""
    if name == 'download_item':
        from jupyter_stream.models._downloads import download_item

        return download_item
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def _check(model: object, key: object, url: object) -> None:
    if not isinstance(model, str):
        raise UserError(f'`model` must be a model or a name such as `openai-chat:gpt-5-mini`, not {kind_of(model)}.')
    checked_text(model, '`model`')
    for name, value in (('api_key', key), ('base_url', url)):
        if not isinstance(value, Secret | None):
            raise UserError(f'`{name}` must be a text, not {kind_of(value)}.')
        if value is not None and whole_text(value.reveal()) is not value.reveal():  # it is in no local of this frame
            raise UserError(f'`{name}` holds half a character (a lone surrogate), which cannot be sent: take it out.')


Found = tuple['Provider', str, Secret | None, Secret | None]


def _of_recordings(
    model: str, key: Secret | None, url: Secret | None, factory: Callable[[str], Provider] | None
) -> Found | None:
    """What the model string means where answers come from cassettes, for which no key and no address are needed; None
    where they do not, or where it means nothing.
    """
    from dataclasses import replace

    from jupyter_stream import cassettes, providers

    if not cassettes.may_replay():
        return None
    prefix = parse_model_id(model)[0] or model
    provider = factory(prefix) if factory else providers.find(prefix)
    if provider is None:
        return None
    variables = tuple(replace(variable, default=variable.example) for variable in provider.variables)
    found = _resolved(model, key, url, lambda _: replace(provider, key_required=False, variables=variables))
    return None if isinstance(found, UserError) else found


def _resolved(
    model: str, key: Secret | None, url: Secret | None, factory: Callable[[str], Provider] | None
) -> Found | UserError:
    """What the model string means here; an error without its frames, whose locals hold every key of the environment."""
    from jupyter_stream import providers

    given = factory(parse_model_id(model)[0] or model) if factory else None
    if given is not None and not isinstance(cast(object, given), providers.Provider):
        return UserError(f'`provider_factory` must give a Provider of jupyter_stream, not {kind_of(given)}.')
    try:
        found = providers.resolve(
            model, api_key=key and key.reveal(), base_url=url and url.reveal(), env=os.environ, provider=given
        )
    except UserError as error:
        return error.with_traceback(None)
    key_used = Secret(found.api_key, found.key_variable) if found.api_key else None
    return found.provider, found.model_name, key_used, hidden(found.base_url)
