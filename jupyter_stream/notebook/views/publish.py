"""Where displays go: IPython's hook, a marimo cell, or plain text on stdout where there is neither."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import uuid4

from jupyter_stream.notebook import marimo

__all__ = ('PrintPublisher', 'Publisher', 'ShellPublisher', 'publisher', 'show_once')


class Publisher(Protocol):
    """Sends displays to the front end."""

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        """Show a new output."""
        ...

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        """Replace the outputs that were shown under this id."""
        ...

    def clear(self) -> None:
        """Take away all outputs of the cell when the next one comes."""
        ...


class ShellPublisher:
    """Through the shell's display hook, looked up at each call: `%%capture` replaces it for a while."""

    def __init__(self, shell: Any) -> None:
        self._shell = shell

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self._publish(data, metadata, display_id, update=False)

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        self._publish(data, metadata, display_id, update=True)

    def clear(self) -> None:
        self._shell.display_pub.clear_output(wait=True)

    def _publish(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str, *, update: bool) -> None:
        self._shell.display_pub.publish(
            data=data, metadata=metadata, transient={'display_id': display_id}, update=update
        )


class PrintPublisher:
    """Prints the plain text of what is shown at last."""

    def display(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        print(data.get('text/plain', ''))

    def update(self, data: dict[str, Any], metadata: dict[str, Any], display_id: str) -> None:
        if 'text/plain' in data:
            print(data['text/plain'])

    def clear(self) -> None:
        pass


def publisher(shell: Any) -> Publisher:
    """The way out for this shell, or for the marimo cell that runs here."""
    context = marimo.running()
    if context is not None:
        return marimo.MarimoPublisher(context)
    return ShellPublisher(shell) if hasattr(shell, 'display_pub') else PrintPublisher()


def show_once(shell: Any, bundle: Mapping[str, Any]) -> None:
    """Show what is never updated."""
    publisher(shell).display(dict(bundle), {}, uuid4().hex)
