"""The live view's widget: what it says to a page, and what a page can ask of it."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_stream.widgets.assets import ON_DEMAND, source
from jupyter_stream.widgets.live import KEPT, PAGED, LiveView, Loader, OpenViews


class Page:
    """A page that applies what it is told, as far as it continues what it has; it can lose messages."""

    def __init__(self, view: LiveView, monkeypatch: pytest.MonkeyPatch) -> None:
        self.view = view
        self.have = 0
        self.text = ''
        self.ends: list[Any] = []
        self.messages: list[dict[str, Any]] = []
        self.deaf = False
        monkeypatch.setattr(view, 'send', self.hear)

    def hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        self.messages.append(content)
        if not self.deaf and 'ops' in content:
            self.apply(content)

    def apply(self, state: dict[str, Any]) -> None:
        at, ops = state['at'], state['ops']
        if at > self.have:
            self.say('need', **{'from': self.have})
            return
        size = state.get('size', at + len(ops))
        if at < self.have:
            ops, at = (ops[self.have - at :], self.have) if size == at + len(ops) else ([], self.have)
        for op in ops:
            self.text += op[2] if op[0] == 'add' else ''
            self.ends += [op[1]] if op[0] == 'done' else []
        self.have = max(size, self.have)

    def say(self, kind: str, **more: Any) -> None:
        self.view._on_message(None, {'kind': kind, **more}, [])

    def ready(self) -> None:
        if self.view.snapshot and self.view.snapshot['size'] > self.have:
            self.apply(self.view.snapshot)
        self.say('ready', have=self.have)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def grow(view: LiveView, clock: Clock, pieces: list[str], step: float = 0.05) -> None:
    for piece in pieces:
        view.add(0, piece)
        view.tick()
        clock.now += step
        view.tick()


WORDS = [f'word{n} ' for n in range(40)]


def test_what_comes_is_sent_on_and_nothing_twice(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m', clock=clock)
    page = Page(view, monkeypatch)
    page.ready()
    view.put('start', 0, 'text', '')
    grow(view, clock, WORDS)
    view.finish({'mark': None})
    assert page.text == ''.join(WORDS) and page.ends == [{'mark': None}]
    sizes = [sum(len(op[2]) for op in m['ops'] if op[0] == 'add') for m in page.messages if 'ops' in m]
    assert sum(sizes) == len(''.join(WORDS))


def test_a_page_that_comes_late_is_told_everything(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m', clock=clock)
    page = Page(view, monkeypatch)
    view.put('start', 0, 'text', '')
    grow(view, clock, WORDS[:20])
    assert page.messages == [], 'nobody is there to be told'
    page.ready()
    grow(view, clock, WORDS[20:])
    view.finish({})
    assert page.text == ''.join(WORDS)


def test_what_was_lost_is_asked_for(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m', clock=clock)
    page = Page(view, monkeypatch)
    page.ready()
    view.put('start', 0, 'text', '')
    grow(view, clock, WORDS[:10])
    page.deaf = True
    grow(view, clock, WORDS[10:20])
    page.deaf = False
    grow(view, clock, WORDS[20:])
    view.finish({})
    assert page.text == ''.join(WORDS) and len(page.ends) == 1


def test_a_reloaded_page_starts_anew(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m', clock=clock)
    first = Page(view, monkeypatch)
    first.ready()
    grow(view, clock, WORDS[:20])
    second = Page(view, monkeypatch)
    second.ready()
    grow(view, clock, WORDS[20:])
    view.finish({})
    assert second.text == ''.join(WORDS)


def test_a_kernel_that_cannot_hear_leaves_the_state_where_a_page_finds_it(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = LiveView('m', hears=False, clock=clock)
    page = Page(view, monkeypatch)
    page.deaf = True
    text = [word * 30 for word in WORDS]
    view.put('start', 0, 'text', '')
    grow(view, clock, text[:30], step=0.3)
    assert view.snapshot is not None
    page.deaf = False
    page.apply(view.snapshot)
    assert page.text == ''.join(text[:30])[: len(page.text)] and len(page.text) > 1000
    grow(view, clock, text[30:])
    view.finish({})
    page.say('need', **{'from': page.have})
    assert page.text == ''.join(text)


def test_states_cost_no_more_than_the_answer(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m', hears=False, clock=clock)
    Page(view, monkeypatch)
    sizes: list[int] = []
    view.observe(lambda change: sizes.append(sum(len(op[2]) for op in change.new['ops'] if op[0] == 'add')), 'snapshot')
    grow(view, clock, ['x' * 1000] * 500, step=0.2)
    assert sum(sizes) < 2 * 500_000


def test_stop_is_acknowledged_and_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[int] = []
    view = LiveView('m', on_stop=lambda: stopped.append(1))
    page = Page(view, monkeypatch)
    assert view.stop == 'button'
    page.say('stop')
    assert stopped == [1] and page.messages == [{'ack': 'stop'}]
    deaf = LiveView('m', hears=False)
    page = Page(deaf, monkeypatch)
    page.say('stop')
    assert deaf.stop == 'keys' and page.messages == []


def test_pages_that_talk_nonsense_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m')
    page = Page(view, monkeypatch)
    for content in (None, 'x', [], {'kind': 'need', 'from': 'x'}, {'kind': 'ready', 'have': -5}, {'kind': 'need'}, {}):
        view._on_message(None, content, [])
    for asset in ('../live', 'view', None, 7):
        page.say('need', asset=asset)
    assert not [message for message in page.messages if 'asset' in message]


def test_modules_are_sent_to_the_page_that_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str | None] = []
    loader = Loader(said.append)
    sent: list[Any] = []
    monkeypatch.setattr(loader, 'send', lambda content, buffers=None: sent.append((content, buffers)))
    for hello in ({}, {'path': ''}, {'path': 1}, {'path': 'a/b.ipynb'}):
        loader._on_message(None, {'kind': 'hello', **hello}, [])
    for name in sorted(ON_DEMAND):
        loader._on_message(None, {'kind': 'need', 'asset': name}, [])
    assert said == [None, None, None, 'a/b.ipynb']
    assert sent == [({'asset': name}, [source(name).encode()]) for name in sorted(ON_DEMAND)]


def test_only_the_last_finished_views_stay_open() -> None:
    kernel = OpenViews()
    views = [LiveView('m', views=kernel) for _ in range(KEPT + 3)]
    for view in views:
        view.finish({})
    assert [view.comm is None for view in views] == [True] * 3 + [False] * KEPT


def test_views_of_cells_with_other_answers_stay_open_longer() -> None:
    kernel = OpenViews()
    views = [LiveView('m', views=kernel) for _ in range(PAGED + 1)]
    for view in views:
        view.finish({'versions': [2, 2]})
    plain = [LiveView('m', views=kernel) for _ in range(KEPT + 1)]
    for view in plain:
        view.finish({'versions': [1, 1]})
    assert [view.comm is None for view in views] == [True, *[False] * PAGED]
    assert [view.comm is None for view in plain] == [True, *[False] * KEPT]

    kernel.drop(views[1])
    assert views[1].comm is None and views[2].comm is not None
    LiveView('m', views=kernel).finish({'versions': [2, 2]})
    assert views[2].comm is not None, 'the one that was dropped is not counted'


def test_another_answer_is_asked_for_and_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    view = LiveView('m')
    page, wanted = Page(view, monkeypatch), list[int]()
    page.ready()
    view.on_version(wanted.append)
    view.finish({'footer': ['2 s'], 'versions': [2, 2]})
    assert view.end == {'footer': ['2 s'], 'versions': [2, 2]}
    page.say('version', number=1)
    page.say('version', number='1')
    page.say('version')
    assert wanted == [1]

    version = {'footer': ['1 s'], 'versions': [1, 2], 'source': 'First'}
    view.show_version(version)
    assert page.messages[-1]['ops'] == [['version', version]]
    page.messages.clear()
    page.say('ready', have=0)
    assert page.messages[-1]['ops'][-1] == ['version', version], 'a page that comes later is told too'


def test_a_view_that_was_placed_is_closed_by_whoever_placed_it() -> None:
    kernel = OpenViews()
    placed = LiveView('m', views=kernel)
    placed.finish({}, placed=True)
    for view in [LiveView('m', views=kernel) for _ in range(KEPT + 3)]:
        view.finish({})
    assert placed.comm is not None


def test_what_travels_with_each_view_is_small() -> None:
    assert len(source('view').encode()) < 20_000
    assert sum(len(str(value)) for value in LiveView('m').get_state().values()) < 20_000
