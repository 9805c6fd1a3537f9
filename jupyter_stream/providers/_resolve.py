"""Providers: from a model string to where it is reached, with which key, and what is special about it.

A provider is data. Whatever differs between two that speak the same protocol stands in a field of its row or in
`profiles`, and the code that reads the field knows no names. To add a provider, add a row to `_table`.

Nothing here reads the environment by itself: `resolve` is given one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Final, NamedTuple

from jupyter_stream.exceptions import MissingKeyError, UserError
from jupyter_stream.providers._base_urls import address_of_host, settled_base_url, without_login
from jupyter_stream.providers._known_models import KNOWN_MODELS
from jupyter_stream.providers._table import PROVIDERS, Auth, ModelKind, Provider, Variable, WireName

__all__ = (
    'PROVIDERS',
    'Auth',
    'ModelKind',
    'Provider',
    'Resolved',
    'Variable',
    'WireName',
    'find',
    'resolve',
    'suggest',
)

_BY_PREFIX: Final[Mapping[str, Provider]] = {prefix: row for row in PROVIDERS for prefix in row.all_prefixes}


class Resolved(NamedTuple):
    """What a model string means here and now. The key and what may be secret in the base URL are not in the repr."""

    provider: Provider
    model_name: str
    api_key: str | None
    base_url: str | None
    key_variable: str | None = None

    def __repr__(self) -> str:
        base_url = self.base_url and without_login(self.base_url)
        return f'Resolved({self.provider.all_prefixes[0]}:{self.model_name}, base_url={base_url!r})'


def find(prefix: str) -> Provider | None:
    """The provider whose model strings begin with `prefix` and a colon; None when there is none."""
    return _BY_PREFIX.get(prefix)


def suggest(name: str) -> str | None:
    """The known model string that `name` was perhaps meant to be; None when nothing is near.

    A misspelt prefix is mended and the model kept; a bare model name gets the provider that has it.
    """
    prefix, colon, model = name.partition(':')
    if colon and model:
        near = get_close_matches(prefix, _BY_PREFIX, n=1, cutoff=0.75)
        if near:
            return f'{near[0]}:{model}'
    bare = model if colon else name
    known = dict(_known_models())
    if bare in known:
        return known[bare]
    near = get_close_matches(bare, known, n=1, cutoff=0.75) if bare else []
    return known[near[0]] if near else None


def resolve(
    name: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    env: Mapping[str, str],
    provider: Provider | None = None,
) -> Resolved:
    """Turn a model string into a provider whose address is settled, a model name, a key and a base URL.

    Arguments win over the environment, the environment over the table. The base URL has no slash at its end; it is
    None where the provider has no fixed address. A `provider` that is given is used whatever the prefix is.

    Raises:
        UserError: the prefix is unknown, the model's name is missing, or a variable that is needed is not set or
            malformed.
    """
    prefix, _, model_name = name.partition(':')
    provider = provider or find(prefix)
    if provider is None or (provider.model_required and ':' not in name):
        raise UserError(_unknown(name))
    _check_model_name(provider, prefix, model_name)
    variable = None if api_key else _key_variable(provider, env)
    key = _first((variable,), env) if variable else api_key
    if key is None and provider.key_required:
        raise MissingKeyError(provider.title, provider.key_env[0])
    if told := _told_by_key(provider, key, env):
        env = {**env, **told}
    settled = replace(
        provider,
        query={parameter: _filled(text, provider, env) for parameter, text in provider.query.items()},
        headers={**provider.headers, **_optional_headers(provider, env)},
    )
    return Resolved(settled, model_name, key, _address(provider, base_url, env), variable)


def _key_variable(provider: Provider, env: Mapping[str, str]) -> str | None:
    """The first of the provider's variables that holds a key; None where another way of signing in is set."""
    if provider.key_unless and env.get(provider.key_unless):
        return None
    return next((name for name in provider.key_env if _first((name,), env)), None)


def _told_by_key(provider: Provider, key: str | None, env: Mapping[str, str]) -> dict[str, str]:
    """The variables that are not set, as far as the key says what they would be."""
    told: dict[str, str] = {}
    for variable in provider.variables:
        matches = ((re.fullmatch(pattern, key or ''), value) for pattern, value in variable.from_key)
        if _first((variable.name, *variable.aliases), env) is None:
            found = next(((match, value) for match, value in matches if match), None)
            told |= {variable.name: found[1].format(**found[0].groupdict())} if found else {}
    return told


def _address(provider: Provider, base_url: str | None, env: Mapping[str, str]) -> str | None:
    if base_url:
        return settled_base_url(base_url, provider.path)
    if given := _first(provider.base_url_env, env):
        return settled_base_url(given, provider.path, default=provider.base_url)
    if given := _first(provider.host_env, env):
        return address_of_host(given, provider.base_url or '')
    return _filled(provider.base_url, provider, env) if provider.base_url else None


def _filled(text: str, provider: Provider, env: Mapping[str, str]) -> str:
    """`text` with the values of the variables that it speaks of."""
    for variable in provider.variables:
        placeholder = f'{{{variable.name}}}'
        if placeholder in text:
            text = text.replace(placeholder, _value(variable, env, provider))
    return text


def _value(variable: Variable, env: Mapping[str, str], provider: Provider) -> str:
    text = _first((variable.name, *variable.aliases), env) or variable.default
    if not text:
        raise UserError(
            f'Set the `{variable.name}` environment variable (such as {variable.example}) or pass `base_url=…` '
            f'to use {provider.title}.'
        )
    match = re.fullmatch(variable.pattern, text)
    if match is None:
        shown = without_login(text)
        raise UserError(f'The `{variable.name}` environment variable must look like {variable.example}, not {shown!r}.')
    return match['value']


def _optional_headers(provider: Provider, env: Mapping[str, str]) -> dict[str, str]:
    found = {header: _first((name,), env) for header, name in provider.optional_headers.items()}
    return {header: value for header, value in found.items() if value}


def _first(names: tuple[str, ...], env: Mapping[str, str]) -> str | None:
    return next((value for name in names if (value := _unquoted(env.get(name, '')))), None)


def _unquoted(value: str) -> str:
    """Without the quotes around it, which a file of variables that no shell has read (`docker --env-file`) keeps."""
    value = value.strip()
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in '"\''
    return value[1:-1].strip() if quoted else value


def _check_model_name(provider: Provider, prefix: str, model_name: str) -> None:
    if not model_name and provider.model_required:
        example = f' such as `{prefix}:{provider.models[0]}`' if provider.models else ''
        raise UserError(f'Name a model after `{prefix}:`{example}.')
    if provider.vendor_required and '/' not in model_name:
        raise UserError(
            f'{provider.title} names its models vendor/model, such as `{prefix}:openai/{model_name}`: '
            f'see {provider.docs}.'
        )


def _unknown(name: str) -> str:
    near = suggest(name)
    how = f'Did you mean `{near}`?' if near else 'A model is named `provider:model`, such as `openai-chat:gpt-5-mini`.'
    return f'Unknown model: {name}. {how}'


def _known_models() -> Iterator[tuple[str, str]]:
    """Each well-known model name, with and without its vendor, and its string at the first provider that has it.

    The later a pair comes, the more it counts: first the generated list, then the table's own names.
    """
    for string in reversed(KNOWN_MODELS):
        model = string.partition(':')[2]
        yield from ((name, string) for name in (model.rpartition('/')[2].lower(), model) if name)
    for row in reversed(PROVIDERS):
        for model in row.models:
            string = f'{row.all_prefixes[0]}:{model}'
            yield model.rpartition('/')[2].lower(), string
            yield model, string
