"""Arrays and tensors of every library, by their own methods: shape, type, device, and what the numbers are like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from math import prod
from typing import Any, Final, cast

from jupyter_stream.content.pieces import Hints, Shown, class_of
from jupyter_stream.content.text import cell, cut

__all__ = ('array',)

_WHOLE: Final = 100
"""Items up to which all are shown."""

_LOOKED_AT: Final = 2_000_000
"""Items that the numbers are made from, at most."""

_LONG: Final = 6
_WIDTH: Final = 80


def array(value: Any, hints: Hints) -> Shown | None:
    """An array; None for another thing of the same library, such as a type or a generator."""
    shape = getattr(value, 'shape', None)
    if shape is None or not hasattr(value, 'dtype') or not hasattr(class_of(value), '__getitem__'):
        return None
    sizes = [int(size) for size in shape]
    if str(value.dtype) == 'object' and prod(sizes) and hasattr(first := value.item(0), 'get_xlabel'):
        from jupyter_stream.content.figures import matplotlib

        return matplotlib(first.figure, hints)  # what `plt.subplots` gives
    value = _plain(value)
    if not sizes:
        return Shown(str(_item(value)), is_plain=True)
    return Shown(cut('\n'.join(_lines(value, sizes)), hints.characters))


def _plain(value: Any) -> Any:
    """The array without what would follow each step of ours."""
    if hasattr(value, 'detach'):  # PyTorch
        return value.detach()
    if hasattr(value, 'numpy') and not hasattr(value, 'cpu'):  # TensorFlow
        return value.numpy()
    return value


def _lines(value: Any, sizes: list[int]) -> Iterator[str]:
    device = getattr(value, 'device', None)
    where = '' if device is None or str(device) == 'cpu' else f', on {device}'
    yield f'shape {" × ".join(f"{size:,}" for size in sizes)}, {value.dtype}{where}'
    if prod(sizes):
        yield from _numbers(value, sizes)
        yield from _items(value, sizes)


def _numbers(value: Any, sizes: list[int]) -> Iterator[str]:
    """The least, the greatest and the mean number, and how many are none."""
    steps = _steps(sizes)
    sample = value[tuple(slice(None, None, step) for step in steps)] if max(steps) > 1 else value
    known = _or_none(lambda: sample[sample == sample])
    present = sample if known is None else known
    if hasattr(present, 'compressed'):  # without what numpy has masked
        present = present.compressed()
    count = prod(int(size) for size in sample.shape)
    missing = count - prod(int(size) for size in present.shape)
    said = [f'{name} {number}' for name, number in _measured(present) if number is not None]
    if missing:
        said.append(f'{missing:,} missing')
    if said:
        yield ', '.join(said) + ('' if max(steps) == 1 else f' (of {count:,} items, evenly spaced)')


def _measured(present: Any) -> Iterator[tuple[str, str | None]]:
    if not prod(int(size) for size in present.shape):
        return
    for name in ('min', 'max'):
        yield name, _or_none(lambda name=name: _number(getattr(present, name)()))
    mean = _or_none(lambda: _number(present.mean()))
    # PyTorch has no mean of whole numbers.
    yield 'mean', mean or _or_none(lambda: _number(present.sum().item() / prod(present.shape)))


def _or_none(read: Callable[[], Any]) -> Any:
    """What is read, or None where this type has no such thing: text has no mean, an object no least one."""
    try:
        return read()
    except Exception:
        return None


def _steps(sizes: list[int]) -> list[int]:
    """One step an axis, the longest axes first, so that not too much is looked at."""
    steps = [1] * len(sizes)
    while (looked := prod(-(-size // step) for size, step in zip(sizes, steps, strict=True))) > _LOOKED_AT:
        longest = max(range(len(sizes)), key=lambda at: sizes[at] / steps[at])
        left = -(-sizes[longest] // steps[longest])
        steps[longest] *= min(-(-looked // _LOOKED_AT), max(2, left // 2))
    return steps


def _items(value: Any, sizes: list[int]) -> Iterator[str]:
    """All items, or those in the corners."""
    if prod(sizes) <= _WHOLE:
        yield _nested(value, [*sizes])
        return
    yield 'items in the corners:' if len(sizes) > 1 else 'first and last items:'
    while len(sizes) > 3:  # of many dimensions the last three are enough
        value, sizes = value[0], sizes[1:]
    yield _nested(value, sizes, is_cut=True)


def _nested(value: Any, sizes: list[int], is_cut: bool = False) -> str:
    if not sizes:
        return _number(value)
    size, *inner = sizes
    most = 2 if len(sizes) == 3 else _LONG
    ends = range(size) if not is_cut or size <= most else [*range(most // 2), *range(size - most // 2, size)]
    items = [_nested(value[at], inner, is_cut) for at in ends]
    if len(items) < size:
        items.insert(most // 2, '…')
    joint = ', ' if not inner else ',\n' + ' ' * 1
    return f'[{joint.join(items)}]'


def _number(value: Any) -> str:
    value = _item(value)
    if isinstance(value, float):
        return f'{value:.6g}'
    if isinstance(value, tuple):  # a record
        return f'({", ".join(map(_number, islice(cast("tuple[Any, ...]", value), _LONG)))})'
    return cell(value, _WIDTH)


def _item(value: Any) -> Any:
    """A single item as Python has it; None for one that numpy has masked."""
    if hasattr(value, 'mask') and bool(value.mask):
        return None
    for name in ('item', 'numpy'):
        if hasattr(value, name):
            return getattr(value, name)()
    return value
