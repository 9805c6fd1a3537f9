"""Writes `providers/_known_models.py`: model strings for an editor to offer and misspelt names to be held to.

The names come from the price list of the package genai-prices, which others keep up to date, and from the table of
providers. Run it after either has changed; `--check` only says whether the file is what it should be.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from genai_prices.data_snapshot import DataSnapshot, get_snapshot

from jupyter_stream.providers._table import PROVIDERS, Provider

TARGET: Final = Path(__file__).resolve().parents[1] / 'jupyter_stream' / 'providers' / '_known_models.py'
WITHOUT_A_ROW: Final = ('local:', 'test')

# What a model that reads and writes text is charged for; one that is charged for more makes images, sound or numbers.
_FOR_TEXT: Final = re.compile(r'(input|output|cache_read|cache_write(_1h)?)_mtok|\w+_searches_kcount')

# Charged for like a model to talk with, and none.
_OTHER_USE: Final = re.compile(r'embed|guard|tts')

_HEAD: Final = '''\
"""Well-known model strings. Made by tools/known_models.py from genai-prices {version}: do not edit."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

__all__ = ('KNOWN_MODELS', 'KnownModelName')

KnownModelName: TypeAlias = Literal[
{names}
]
"""A model string that is known. Any other `provider:model` is fine too."""

KNOWN_MODELS: Final[tuple[str, ...]] = get_args(KnownModelName)
'''


def model_strings() -> list[str]:
    """All of them, sorted."""
    snapshot = get_snapshot()
    found = {f'{row.all_prefixes[0]}:{model}' for row in PROVIDERS for model in _models(row, snapshot)}
    return sorted({*found, *WITHOUT_A_ROW})


def _models(row: Provider, snapshot: DataSnapshot) -> Iterator[str]:
    yield from row.models
    # Brokers and gateways sell everybody's models, far too many to list.
    if not row.vendor_required and '/' not in row.all_prefixes[0]:
        yield from (model.id for model in _priced(row, snapshot) if _is_current(model))


def _priced(row: Provider, snapshot: DataSnapshot) -> list[Any]:
    """The models of the provider that has this row's address; none where it is the user's own, and the names too."""
    if row.base_url is None or '{' in row.base_url:
        return []
    try:
        return snapshot.find_provider(None, None, row.base_url).models
    except LookupError:
        return []


def _is_current(model: Any) -> bool:
    """Whether one can talk with it, it is still served, and listed by the very name that the provider knows it by."""
    prices = model.prices[-1].prices if isinstance(model.prices, list) else model.prices
    charged = [name for name, price in vars(prices).items() if price is not None]
    is_for_text = {'input_mtok', 'output_mtok'} <= set(charged) and all(map(_FOR_TEXT.fullmatch, charged))
    is_served = bool(model.context_window) and not model.deprecated and _names_itself(model.match, model.id)
    return is_for_text and is_served and not _OTHER_USE.search(model.id)


def _names_itself(clause: Any, name: str) -> bool:
    either = getattr(clause, 'or_', None)
    return any(_names_itself(part, name) for part in either) if either else getattr(clause, 'equals', None) == name


def module() -> str:
    """The text of the file."""
    names = '\n'.join(f'    {name!r},' for name in model_strings())
    return _HEAD.format(version=version('genai-prices'), names=names)


def main(arguments: list[str]) -> int:
    text = module()
    if '--check' not in arguments:
        TARGET.write_text(text, encoding='utf-8')
        return 0
    if TARGET.is_file() and TARGET.read_text(encoding='utf-8') == text:
        return 0
    print(f'{TARGET.name} is out of date: run `python tools/known_models.py`.', file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
