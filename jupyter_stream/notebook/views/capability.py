"""What is known of the front ends of this kernel: whether they run our widgets.

A front end is the session that its requests name; a page that was reloaded is another one. It is asked by being shown
a widget, and answers, or does not.
"""

from __future__ import annotations

from typing import Any

__all__ = ('known', 'learn', 'session_of')

_LONGEST = 64
_widgets: dict[str, bool] = {}


def session_of(shell: Any) -> str:
    """The session of the front end whose message is being handled; '' where there is none."""
    kernel: Any = getattr(shell, 'kernel', None)
    request: Any = kernel.get_parent() if hasattr(kernel, 'get_parent') else getattr(shell, 'parent_header', None)
    try:
        return str(request['header']['session'])
    except (TypeError, KeyError):
        return ''


def known(session: str) -> bool | None:
    """Whether the front end runs our widgets; None while it has not been asked."""
    return _widgets.get(session)


def learn(session: str, widgets: bool) -> None:
    """It does, or does not. That it does is never unlearned: an answer may only have been late."""
    _widgets[session] = widgets or _widgets.get(session, False)
    while len(_widgets) > _LONGEST:
        _widgets.pop(next(iter(_widgets)))
