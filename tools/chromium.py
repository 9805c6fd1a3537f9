"""Where Chromium is: `find()` for the tests; as a program it prints the path, or says what to install and fails."""

import os
import shutil
import sys

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
MISSING = 'No Chromium was found: install it (apt-get install chromium) or set CHROMIUM to its path.'


def find() -> str | None:
    """Returns the path of an installed Chromium or Chrome, or None. The variable CHROMIUM comes first."""
    named = os.environ.get('CHROMIUM')
    if named:
        return shutil.which(named)
    return next((path for path in map(shutil.which, NAMES) if path), None)


if __name__ == '__main__':
    sys.exit(print(path) if (path := find()) else MISSING)
