"""`make picture`: records the moving picture of README.md from a real JupyterLab in a real Chromium.

Somebody types a prompt, the answer grows (formulas, a table, code), a second one is asked for and stopped. The answers
are those in tools/session: a server on this machine (tools/replay.py) gives them at 60 tokens a second. All else is as
it is for everyone. The times are those of the recording, so a busy machine makes a jerky picture: record it on a quiet
one. Writes docs/session.webp.

Leaves the frames that it took in build/session, to be looked at.
"""

from __future__ import annotations

import base64
import io
import os
import runpy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import FloatRect, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT))

from tests.browser.rig import CHROMIUM_FLAGS, Lab, Notebook, Server, until  # noqa: E402
from tools.replay import replaying  # noqa: E402

PICTURE = ROOT / 'docs' / 'session.webp'
FRAMES = ROOT / 'build' / 'session'
ANSWERS = sorted((ROOT / 'tools' / 'session').glob('*.md'))
LIMIT = 1_000_000
"""The most bytes that the picture may have."""

WIDTH, HEIGHT = 820, 580
TYPING = 28
"""Milliseconds between two keys."""

RATES = (12, 10, 8, 6, 5, 4)
"""Pictures a second, from the smoothest on; the first that fits into LIMIT is taken."""

SETUP = """%load_ext jupyter_stream
%config AskMagics.model = 'openai-chat:replay'"""
QUESTION = """%%ask
How do I solve a quadratic equation? I'd like the formula,
a table of the cases, and Python that doesn't fail."""
FOLLOW_UP = """%%ask
Who found that? The whole history, please!"""
STOP_AT = '628'
"""The word of the second answer at which it is stopped."""


@dataclass(frozen=True)
class Frame:
    """What the page showed from `at` on, in seconds of the page's clock."""

    at: float
    image: Image.Image


class Recorder:
    """Takes each frame that the page draws."""

    def __init__(self, page: Page):
        self.shots: list[tuple[float, str]] = []
        self._session = page.context.new_cdp_session(page)
        self._session.on('Page.screencastFrame', self._take)

    def _take(self, event: dict[str, Any]) -> None:
        self.shots.append((event['metadata']['timestamp'], event['data']))
        self._session.send('Page.screencastFrameAck', {'sessionId': event['sessionId']})

    @contextmanager
    def recording(self) -> Iterator[None]:
        self._session.send('Page.startScreencast', {'format': 'png', 'everyNthFrame': 2})
        yield
        self._session.send('Page.stopScreencast')

    def frames(self, clip: FloatRect) -> list[Frame]:
        """The frames, cut to the part of the page in `clip`."""
        x, y = int(clip['x']), int(clip['y'])
        box = (x, y, x + int(clip['width']), y + int(clip['height']))
        return [Frame(at, opened(data).crop(box)) for at, data in self.shots]


def opened(data: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data))).convert('RGB')


def act(book: Notebook) -> None:
    """What somebody does in front of the camera."""
    pause(book, 0.8)
    ask(book, 1, QUESTION)
    wait_written(book, 1)
    pause(book, 2.5)
    ask(book, 2, FOLLOW_UP)
    book.until_text(2, STOP_AT, timeout=60)
    book.js("cells[args[0]].outputArea.node.querySelector('.jps-stop').click();", 2)
    wait_written(book, 2)
    pause(book, 3)


def ask(book: Notebook, index: int, prompt: str) -> None:
    """Types the prompt into the cell, and runs it."""
    book.js(
        """panel.content.activeCellIndex = args[0];
        panel.content.mode = 'edit';
        cells[args[0]].editor.focus();""",
        index,
    )
    book.page.keyboard.type(prompt, delay=TYPING)
    pause(book, 0.5)
    book.page.keyboard.press('Shift+Enter')
    book.js(FOLLOW, index)


FOLLOW = """
const output = cells[args[0]].outputArea.node, scroller = panel.content.node.querySelector('.jp-WindowedPanel-outer');
const follow = () => {
    const below = output.getBoundingClientRect().bottom + 24 - scroller.getBoundingClientRect().bottom;
    if (below > 0) scroller.scrollTop += below;
};
window.follower?.disconnect();
window.follower = new ResizeObserver(follow);
window.follower.observe(output);
follow();
"""
"""Scrolls with the answer, as a reader would."""


def wait_written(book: Notebook, index: int) -> None:
    until(lambda: book.js('return cells[args[0]].model.executionCount;', index), f'cell {index} has run', 90)
    book.wait_idle()


def pause(book: Notebook, seconds: float) -> None:
    book.page.wait_for_timeout(seconds * 1000)


def record() -> list[Frame]:
    path = runpy.run_path(str(ROOT / 'tools' / 'chromium.py'))['find']()
    with (
        tempfile.TemporaryDirectory() as folder,
        replaying(*ANSWERS) as server,
        sync_playwright() as playwright,
    ):
        os.environ.update(OPENAI_BASE_URL=server.url, OPENAI_API_KEY='none')
        jupyter = Server(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_FLAGS, headless=True)
        try:
            return filmed(Lab(jupyter, browser, FRAMES))
        finally:
            browser.close()
            jupyter.close()


def filmed(lab: Lab) -> list[Frame]:
    """Opens a notebook that is ready to ask, and records what is done in it."""
    lab.page.set_viewport_size({'width': WIDTH, 'height': HEIGHT})
    book = lab.open(lab.write('session.ipynb', [SETUP, '', '']))
    book.run(0)
    panel = lab.page.locator('.jp-NotebookPanel').bounding_box()
    assert panel
    recorder = Recorder(lab.page)
    with recorder.recording():
        act(book)
    return recorder.frames(panel)


def sampled(frames: list[Frame], rate: float) -> list[tuple[Image.Image, int]]:
    """What was shown at each tick, with how long it stays in milliseconds; what does not change is one picture."""
    shown: list[tuple[Image.Image, int]] = []
    step, end, at = 1 / rate, frames[-1].at, 0
    for tick in range(int((end - frames[0].at) * rate) + 1):
        while at + 1 < len(frames) and frames[at + 1].at <= frames[0].at + tick * step:
            at += 1
        image = frames[at].image
        if shown and (image is shown[-1][0] or image.tobytes() == shown[-1][0].tobytes()):
            shown[-1] = (shown[-1][0], shown[-1][1] + round(1000 * step))
        else:
            shown.append((image, round(1000 * step)))
    image, _ = shown[-1]
    return [*shown[:-1], (image, 2500)]


def encoded(shown: list[tuple[Image.Image, int]]) -> bytes:
    out = io.BytesIO()
    (first, *rest), durations = [image for image, _ in shown], [duration for _, duration in shown]
    first.save(
        out, 'WEBP', save_all=True, append_images=rest, duration=durations, loop=0, quality=75, method=4,
        allow_mixed=True,
    )  # fmt: skip
    return out.getvalue()


def main() -> int:
    frames = record()
    shutil.rmtree(FRAMES, ignore_errors=True)
    FRAMES.mkdir(parents=True)
    for rate in RATES:
        shown = sampled(frames, rate)
        data = encoded(shown)
        print(f'{rate} pictures a second: {len(shown)} of {len(frames)} frames, {len(data):,} bytes')
        if len(data) < LIMIT:
            break
    else:
        print(f'The picture is larger than {LIMIT:,} bytes at {RATES[-1]} a second.', file=sys.stderr)
        return 1
    PICTURE.write_bytes(data)
    for number, (image, _) in enumerate(shown):
        image.save(FRAMES / f'{number:03}.png')
    return 0


if __name__ == '__main__':
    sys.exit(main())
