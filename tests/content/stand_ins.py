"""Types with the module, the names and the methods of libraries that are not installed for the tests."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

NOTEBOOK = json.dumps(
    {
        'nbformat': 4,
        'cells': [
            {'cell_type': 'markdown', 'source': ['# Title']},
            {
                'cell_type': 'code',
                'source': ['1 + 1'],
                'outputs': [{'output_type': 'execute_result', 'data': {'text/plain': '2', 'image/png': 'iVBOR'}}],
            },
        ],
    }
)


def of(module: str, name: str, *bases: type, **members: Any) -> Any:
    """A class that says that it comes from a module."""
    return type(name, bases, {'__module__': module, **members})


# ------------------------------------------------------------------ PyTorch, TensorFlow

_TORCH = {
    '__init__': lambda self, data: setattr(self, '_data', data),
    '__getitem__': lambda self, at: tensor_of(self._data[at._data if isinstance(at, _Tensor) else at]),
    '__eq__': lambda self, other: tensor_of(self._data == other._data),
    '__hash__': object.__hash__,
    'shape': property(lambda self: self._data.shape),
    'dtype': property(lambda self: f'torch.{self._data.dtype}'),
    'device': 'cuda:0',
    'detach': lambda self: self,
    'cpu': lambda self: self,
    'item': lambda self: self._data.item(),
    'min': lambda self: tensor_of(self._data.min()),
    'max': lambda self: tensor_of(self._data.max()),
    'sum': lambda self: tensor_of(self._data.sum()),
}


def _no_mean(self: Any) -> Any:
    raise RuntimeError(
        'mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype.'
    )


_Tensor: Any = of('torch', 'Tensor', mean=_no_mean, **_TORCH)


def tensor_of(data: Any) -> Any:
    return _Tensor(np.asarray(data))


def tensor() -> Any:
    return tensor_of([[1, 2], [3, 4]])


def tensorflow() -> Any:
    data = np.array([1.0, 2.0, 3.0], dtype='f4')
    members = {'shape': (3,), 'dtype': 'float32', 'numpy': lambda self: data, '__getitem__': lambda self, at: data[at]}
    return of('tensorflow.python.framework.ops', 'EagerTensor', **members)()


# ------------------------------------------------------------------ geopandas, scikit-learn


class _Geometry(pd.Series):
    crs = SimpleNamespace(to_string=lambda: 'EPSG:4326')
    total_bounds = np.array([5.0, 46.0, 10.0, 47.0])
    geom_type = pd.Series(['Point', 'Point'])


def geo_frame() -> Any:
    shapes = ['POINT (7 46)', 'POINT (9 46)']
    geometry = property(lambda self: _Geometry(shapes, name='geometry'))
    cls = of('geopandas.geodataframe', 'GeoDataFrame', pd.DataFrame, geometry=geometry)
    return cls({'town': ['Bern', 'Chur'], 'geometry': shapes})


def estimator() -> Any:
    class Ridge:
        __module__ = 'sklearn.linear_model'

        def __init__(self, alpha: float = 1.0, fit_intercept: bool = True) -> None:
            self.alpha, self.fit_intercept = alpha, fit_intercept

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {'alpha': self.alpha, 'fit_intercept': self.fit_intercept}

    made: Any = Ridge(alpha=2.0)
    made.coef_, made.n_iter_, made._hidden_ = np.array([0.5, 0.25]), 7, 1
    return made


# ------------------------------------------------------------------ Altair, Plotly


class _Transformers:
    """The registry of `altair.data_transformers`: a transformer is enabled for the length of a block."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {'default': lambda data, **options: {'values': data}}
        self.active = 'default'

    def names(self) -> list[str]:
        return list(self._known)

    def register(self, name: str, function: Any) -> None:
        self._known[name] = function

    @contextmanager
    def enable(self, name: str, **options: Any) -> Any:
        before, self.active = self.active, name
        yield
        self.active = before

    def __call__(self, data: Any) -> Any:
        return self._known[self.active](data)


def altair() -> Any:
    module: Any = sys.modules.setdefault('altair', ModuleType('altair'))
    module.data_transformers = transformers = _Transformers()

    def to_dict(self: Any, validate: bool = True) -> dict[str, Any]:
        encoding = {'x': {'field': 'price', 'type': 'quantitative'}}
        data = transformers(['secret data'])
        return {'$schema': 'https://vega.github.io/schema', 'data': data, 'mark': 'bar', 'encoding': encoding}

    return of('altair.vegalite.v6.api', 'Chart', to_dict=to_dict, save=lambda self, file, format: None)()


def plotly() -> Any:
    layout = SimpleNamespace(title=SimpleNamespace(text='Prices'), xaxis=None, yaxis=None)
    trace = SimpleNamespace(type='scatter', name='shop', x=[1, 2, 3], y=(4, 5, 6))
    members = {'data': (trace,), 'layout': layout, 'to_image': lambda self, format: b''}
    return of('plotly.graph_objs._figure', 'Figure', **members)()
