"""Which family a value belongs to, found without importing anything that the user has not imported.

A type of a library is known by the module that it, or a base of it, comes from; whoever made the value has imported
that. The module of a family is loaded when the first value of it is met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import Any, Final

from jupyter_stream.content.pieces import Hints, Shown, class_of

__all__ = ('families_of', 'is_whole')

Family = Callable[[Any, Hints], Shown | None]
"""Says what a value of the family is to a model; None where it turns out to be something else."""

_BY_LIBRARY: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        'pandas geopandas modin cudf polars pyarrow duckdb ibis dask pyspark sqlframe narwhals'.split(), 'frames:frame'
    ),
    **dict.fromkeys('numpy torch jax jaxlib tensorflow cupy'.split(), 'arrays:array'),
    'xarray': 'science:labelled',
    'sklearn': 'science:estimator',
    'matplotlib': 'figures:matplotlib',
    'seaborn': 'figures:matplotlib',
    'altair': 'charts:altair',
    'plotly': 'charts:plotly',
    'PIL': 'pictures:pillow',
    'IPython': 'pictures:displayed',
}
"""By the first name of a module, who knows its types: a module of this package, and a function in it."""

_BY_PROTOCOL: Final = (('__arrow_c_stream__', 'frames:streamed'), ('__array_interface__', 'arrays:array'))
"""By an attribute of a type, who knows values of it."""


def families_of(value: Any) -> Iterator[Family]:
    """Those that may know a value, in the order in which they are asked."""
    bases = type(value).__mro__
    for root in dict.fromkeys(cls.__module__.partition('.')[0] for cls in bases):
        if root in _BY_LIBRARY:
            yield _family(_BY_LIBRARY[root])
    for attribute, family in _BY_PROTOCOL:
        if any(attribute in cls.__dict__ for cls in bases):
            yield _family(family)
    yield _family('builtin:builtin')


def is_whole(value: Any) -> bool:
    """Whether a value in a list is worth being shown by itself: a frame, an array, a figure, a picture."""
    cls = class_of(value)
    if not any(base.__module__.partition('.')[0] in _BY_LIBRARY for base in cls.__mro__):
        return False
    return bool(getattr(value, 'shape', None)) or any(hasattr(cls, name) for name in _WHOLE)


_WHOLE: Final = ('savefig', 'get_xlabel', 'getbands', 'to_image', 'to_html', 'get_params')
"""Of types that have no shape, what tells figures, pictures, charts and estimators from the rest of a library."""


def _family(name: str) -> Family:
    module, _, function = name.partition(':')
    return getattr(import_module(f'jupyter_stream.content.{module}'), function)
