"""What is known of models: the parameters each takes, how it thinks, the schemas it accepts."""

from ._profile import (
    DEFAULT_THINKING_TAGS,
    SAMPLING_SETTINGS,
    Profile,
    profile,
)
from ._protocols import GEMINI_LEVELS, Claude, Converse, Gemini, Responses
from .claude import CLAUDE_BUDGETS
from .cohere import COHERE_BUDGETS
from .gemini import GEMINI_BUDGETS

__all__ = (
    'CLAUDE_BUDGETS',
    'COHERE_BUDGETS',
    'DEFAULT_THINKING_TAGS',
    'GEMINI_BUDGETS',
    'GEMINI_LEVELS',
    'SAMPLING_SETTINGS',
    'Claude',
    'Converse',
    'Gemini',
    'Profile',
    'Responses',
    'profile',
)
