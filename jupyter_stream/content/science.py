"""Labelled arrays of xarray, and estimators of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any, Final, cast

from jupyter_stream.content.pieces import Hints, Shown, class_of
from jupyter_stream.content.text import cell, cut, short_repr

__all__ = ('estimator', 'labelled')

_WIDTH: Final = 120
_SMALL: Final = 8


def labelled(value: Any, hints: Hints) -> Shown | None:
    """What xarray says of its own: dimensions, coordinates, variables, attributes. What is not in memory stays out."""
    return Shown(cut(str(value), hints.characters)) if hasattr(value, 'dims') else None


def estimator(value: Any, hints: Hints) -> Shown | None:
    """The parameters that are not default, and what was fitted."""
    if not hasattr(class_of(value), 'get_params'):
        return None
    fitted = [f'- {name}: {_shown(item)}' for name, item in _fitted(value)]
    chosen = [f'{name}={short_repr(item, _WIDTH)}' for name, item in _chosen(value)]
    lines = [
        f'{type(value).__name__}({", ".join(chosen)})',
        *(['fitted:', *fitted] if fitted else ['fitted' if _is_fitted(value) else 'not fitted yet']),
    ]
    return Shown(cut('\n'.join(lines), hints.characters))


def _chosen(value: Any) -> Iterator[tuple[str, Any]]:
    """The parameters whose value is another than the default."""
    defaults = {name: one.default for name, one in inspect.signature(type(value).__init__).parameters.items()}
    for name, item in value.get_params(deep=False).items():
        default = defaults.get(name, inspect.Parameter.empty)
        # By their texts, since arrays do not compare to one truth.
        if item is not default and short_repr(item, _WIDTH) != short_repr(default, _WIDTH):
            yield name, item


def _fitted(value: Any) -> Iterator[tuple[str, Any]]:
    """By scikit-learn's custom what was fitted is called by names with an underscore at their end."""
    for name, item in cast('dict[str, Any]', vars(value)).items():
        if name.endswith('_') and not name.startswith('_'):
            yield name, item


def _is_fitted(value: Any) -> bool:
    """By the word of those that keep nothing themselves, as pipelines."""
    asked = getattr(value, '__sklearn_is_fitted__', None)
    return bool(asked and asked())


def _shown(item: Any) -> str:
    shape = getattr(item, 'shape', None)
    if not shape:
        return short_repr(item, _WIDTH)
    sizes = ' × '.join(map(str, shape))
    is_small = len(shape) == 1 and shape[0] <= _SMALL and hasattr(item, 'tolist')
    return (
        f'array of {sizes}, [{", ".join(cell(one, 20) for one in item.tolist())}]' if is_small else f'array of {sizes}'
    )
