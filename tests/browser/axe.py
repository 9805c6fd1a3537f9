"""What axe-core (Deque's accessibility checks, carried by a development dependency) finds in a part of a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# All of its rules: those of WCAG and those it calls best practice (an empty table header is one).
RULES = {'resultTypes': ['violations']}


def violations(page: Page, within: str) -> list[str]:
    """Returns a line for every element that breaks a rule, in the elements that the CSS selector `within` finds.

    A line names the rule, the element, its HTML and what is wrong. A selector that finds nothing is an error
    (axe-core raises), so that a test cannot pass because what it looks at is not there.
    """
    found = Axe().run(page, context=within, options=RULES).response['violations']
    return [line for violation in found for line in _lines(violation)]


def _lines(violation: Mapping[str, Any]) -> Iterator[str]:
    for node in violation['nodes']:
        what = '; '.join(check['message'] for kind in ('any', 'all', 'none') for check in node[kind])
        yield f'{violation["id"]}: {" ".join(map(str, node["target"]))} ({node["html"][:200]}): {what}'
