"""Loading the extension in every new kernel, by a few lines in an IPython profile's `ipython_config.py`.

The lines stand between two marks at the end of the file, so they can be taken out again, and what stands around them is
left as it is. All environments of a user share the profile: in one without this package the lines do nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from IPython.core.profiledir import ProfileDir, ProfileDirError
from IPython.paths import get_ipython_dir
from traitlets.config import Application
from traitlets.config.loader import LazyConfigValue

from jupyter_stream.exceptions import UserError

__all__ = ('Profile',)

_EXTENSION = 'jupyter_stream'
_FILE = 'ipython_config.py'
_BEGIN = '# >>> jupyter_stream enable >>>'
_END = '# <<< jupyter_stream enable <<<'
_LINES = f"""{_BEGIN}
# Loads %%ask in every new kernel; `python -m jupyter_stream disable` takes these lines out again.
import importlib.util

if importlib.util.find_spec('{_EXTENSION}'):
    get_config().InteractiveShellApp.extensions.append('{_EXTENSION}')
{_END}
"""
# The line end before the mark is ours too, and an editor may have made other line ends of ours.
_BLOCK = re.compile(rf'(?:\r?\n)?{re.escape(_BEGIN)}\r?\n.*?{re.escape(_END)}(?:\r?\n|$)', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Profile:
    """An IPython profile: the folder whose configuration every kernel of the user reads.

    Attributes:
        name: its name, as `ipython --profile` takes it.
        folder: where it is.
    """

    name: str
    folder: Path

    @classmethod
    def find(cls, name: str = 'default') -> Profile:
        """The profile of that name in IPython's folder, which is `IPYTHONDIR` or `~/.ipython`.

        The default one is made where it is missing, as the first start of IPython does.

        Raises:
            UserError: there is no profile of that name.
        """
        home = get_ipython_dir()
        profiles = cast(Any, ProfileDir)  # its methods say no types
        try:
            found = profiles.find_profile_dir_by_name(home, name)
        except ProfileDirError:
            if name != 'default':
                raise UserError(
                    f'There is no IPython profile {name!r} in {home}: make it by `ipython profile create {name}`, or '
                    'leave out --profile for the one that kernels use by default.'
                ) from None
            found = profiles.create_profile_dir_by_name(home, name)
        return cls(name, Path(found.location))

    @property
    def file(self) -> Path:
        """Its configuration in Python."""
        return self.folder / _FILE

    def enable(self) -> str:
        """Write the lines, unless the profile loads the extension already; returns a sentence on what was done.

        Raises:
            UserError: the file cannot be written or read, or what is written has no effect.
        """
        if self._loads():
            return f'Nothing to do: {self._source()} loads jupyter_stream in every new kernel already.'
        before = self._text()
        kept = _without(before)
        self._write(f'{kept}\n{_LINES}' if kept else _LINES)
        if not self._loads():
            self._restore(before)
            raise UserError(
                f'{self.file} was left as it was: IPython cannot run it, or {self.file.with_suffix(".json")} names '
                "other extensions and overrules it. Mend that, or add 'jupyter_stream' there yourself."
            )
        return (
            f'Added jupyter_stream to the extensions in {self.file}: %%ask works in every new kernel, and in those '
            'that run after a restart.'
        )

    def disable(self) -> str:
        """Take the lines out; returns a sentence on what was done.

        Raises:
            UserError: the file cannot be written or read, or the extension is loaded by lines of the user's own.
        """
        before = self._text()
        kept = _without(before)
        if kept != before:
            self._restore(kept)
        if self._loads():
            raise UserError(
                f'jupyter_stream is still loaded by {self._source()}, by lines that `enable` did not write: take '
                'it out of the extensions there.'
            )
        if kept == before:
            return f'Nothing to do: {self.file} does not load jupyter_stream.'
        return f'Removed jupyter_stream from the extensions in {self.file}: new kernels need %load_ext jupyter_stream.'

    def status(self) -> str:
        """A sentence on whether new kernels load the extension, and by which file."""
        if self._loads():
            return f'Enabled: {self._source()} loads jupyter_stream in every new kernel.'
        return f'Not enabled: {self.file} does not load jupyter_stream (`python -m jupyter_stream enable` adds it).'

    def _loads(self) -> bool:
        """Whether IPython, reading the profile by its own rules, arrives at the extension."""
        reader = Application()
        reader.log.disabled = True
        reader.load_config_file(_FILE, path=[str(self.folder)])
        extensions: Any = reader.config.InteractiveShellApp.extensions
        reader.log.disabled = False
        return _EXTENSION in (extensions.get_value([]) if isinstance(extensions, LazyConfigValue) else extensions)

    def _source(self) -> Path:
        """The file that names the extension: ours, or the one in JSON, which overrules it."""
        json = self.file.with_suffix('.json')
        return json if json.is_file() and f'"{_EXTENSION}"' in json.read_text('utf-8') else self.file

    def _text(self) -> str:
        try:
            return self.file.read_bytes().decode() if self.file.exists() else ''
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f'{self.file} cannot be read ({error}): mend it, then run this again.') from None

    def _restore(self, text: str) -> None:
        """The text as the file; no file where it is empty, as before `enable`."""
        if text or not self.file.exists():
            self._write(text)
        else:
            self.file.unlink()

    def _write(self, text: str) -> None:
        try:
            self.file.write_bytes(text.encode())
        except OSError as error:
            raise UserError(f'{self.file} cannot be written ({error}): see who may write there.') from None


def _without(text: str) -> str:
    """A file's text without our lines, wherever they stand."""
    return _BLOCK.sub('', text)
