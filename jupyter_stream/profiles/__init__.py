"""What is known of models: the parameters each takes, how it thinks, the schemas it accepts."""

from ._profile import (
    DEFAULT_THINKING_TAGS,
    SAMPLING_SETTINGS,
    Profile,
    UnsupportedSettingWarning,
    profile,
)

__all__ = (
    'DEFAULT_THINKING_TAGS',
    'SAMPLING_SETTINGS',
    'Profile',
    'UnsupportedSettingWarning',
    'profile',
)
