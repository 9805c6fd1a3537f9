"""Settings that a protocol has no word for."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from typing import Any, cast

from jupyter_stream.profiles import UnsupportedSettingWarning
from jupyter_stream.settings import ModelSettings
from jupyter_stream.wire.base import Target

__all__ = ('supported', 'without')


def supported(target: Target, settings: Mapping[str, Any], unknown: Iterable[str]) -> dict[str, Any]:
    """The settings without the `unknown` ones; those that are set get one `UnsupportedSettingWarning`.

    To think is unknown to a model that does not; not to think is what it does anyway.
    """
    dropped = [name for name in unknown if settings.get(name) is not None]
    if settings.get('thinking') and not (target.profile.thinks or target.profile.always_thinks):
        dropped.append('thinking')
    if dropped:
        warnings.warn(
            f'{target.provider.title} model {target.model_name!r} does not take these settings, they are left out: '
            f'{", ".join(dropped)}.',
            UnsupportedSettingWarning,
            stacklevel=3,
        )
    return {name: value for name, value in settings.items() if name not in dropped}


def without(settings: ModelSettings, prefix: str) -> ModelSettings:
    """The settings without another provider's own, whose names begin with `prefix`; those need no warning."""
    return cast(ModelSettings, {name: value for name, value in settings.items() if not name.startswith(prefix)})
