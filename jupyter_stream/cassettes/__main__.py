"""`python -m jupyter_stream.cassettes`: see `jupyter_stream.recordings.command`."""

import sys

from jupyter_stream.recordings.command import main

if __name__ == '__main__':
    sys.exit(main())
