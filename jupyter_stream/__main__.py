"""`python -m jupyter_stream`: load the extension in every new kernel, stop doing so, or see whether it is.

The embedded model has a command line of its own: `python -m jupyter_stream.local`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence

from jupyter_stream.exceptions import UserError
from jupyter_stream.notebook.profile import Profile

_COMMANDS: Mapping[str, tuple[Callable[[Profile], str], str]] = {
    'enable': (Profile.enable, '%%ask works in every new kernel, without %load_ext jupyter_stream'),
    'disable': (Profile.disable, 'take that back'),
    'status': (Profile.status, 'say which it is, and in which file'),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code: 0 where it is done or already so, 1 where it cannot be."""
    given = _parser().parse_args(arguments)
    run, _ = _COMMANDS[given.command]
    try:
        print(run(Profile.find(given.profile)))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='python -m jupyter_stream', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    for name, (_, text) in _COMMANDS.items():
        # argparse reads % in a help text as a format.
        command = commands.add_parser(name, help=text.replace('%', '%%'))
        command.add_argument('--profile', default='default', help='the IPython profile; without it the default one')
    return parser


if __name__ == '__main__':
    sys.exit(main())
