"""The embedded model, `local:…`: an HTTP model whose server is a subprocess that the first request starts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from jupyter_stream import cassettes, providers
from jupyter_stream.local import server as servers
from jupyter_stream.local import weights
from jupyter_stream.models.base import progress
from jupyter_stream.models.http import HTTPModel
from jupyter_stream.settings import ModelSettings
from jupyter_stream.transport import Endpoint
from jupyter_stream.wire.base import WireRequest

__all__ = ('LocalModel',)


class LocalModel(HTTPModel):
    """A small language model on this machine, without key or network.

    With `temperature` 0 and a `seed`, the same request gets the same answer each time on the same machine.

    Args:
        name: what follows `local:` in a model string. Nothing or `default` is the file that the environment variable
            JUPYTER_STREAM_LOCAL_MODEL names, else the packaged model; otherwise the name of a packaged model, or the
            path of a GGUF file.
        settings: defaults for every request.

    Raises:
        LocalModelError: there is no such model or file, or its package is not installed.
    """

    def __init__(self, name: str = '', *, settings: ModelSettings | None = None) -> None:
        self._weights = weights.find(name, is_needed=not cassettes.may_replay())
        self.server = servers.shared(self._weights)
        provider = providers.find('local')
        assert provider
        super().__init__(provider, self._weights.name, settings=_defaults(self._weights) | (settings or {}))

    @property
    def base_url(self) -> str | None:
        """Where the server listens, None while it does not run."""
        return self.server.base_url

    @property
    def note(self) -> str | None:
        """What readers of an answer should know about the model; None for a user's own file."""
        return self._weights.note

    @property
    def context_window(self) -> int | None:
        return self.server.options.context

    async def prepare(self, notify: servers.Notify | None = None) -> None:
        """Start the server ahead of the first request; `notify` gets what `jupyter_stream.local.status` describes.

        Raises:
            LocalModelError: it cannot be started.
        """
        await self.server.address(notify)

    def merged(self, model_settings: ModelSettings | None) -> ModelSettings:
        settings = super().merged(model_settings)
        # Headers then come at once, and not with the first token after the whole prompt has been read.
        body: dict[str, Any] = {'return_progress': True}
        if settings.get('seed') is not None:
            # What is left of the prompt before changes the rounding, and with it now and then the text.
            body['cache_prompt'] = False
        given = cast(dict[str, Any], settings.get('extra_body') or {})
        return {**settings, 'extra_body': body | given}

    def _asked(self, wanted: WireRequest) -> cassettes.Asked:
        """Without the name of the file, which says where it is: what a notebook asks is 'the embedded model'."""
        asked = super()._asked(wanted)
        return replace(asked, body={name: value for name, value in asked.body.items() if name != 'model'})

    async def _endpoint(self) -> Endpoint:
        address = await self.server.address(progress.get())
        # The server says keep-alive and closes the socket after each stream: the next request would find it dead.
        return Endpoint(address.base_url, address.key, {'connection': 'close'})


def _defaults(chosen: weights.Weights) -> ModelSettings:
    defaults = ModelSettings()
    if chosen.temperature is not None:
        defaults['temperature'] = chosen.temperature
    if chosen.top_p is not None:
        defaults['top_p'] = chosen.top_p
    return defaults
