from jupyter_stream.local.child import Idleness


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_idleness_is_over_after_the_limit_without_a_request() -> None:
    clock, cpu = Clock(), Clock()
    idleness = Idleness(10, clock, cpu)
    clock.now = 9
    assert not idleness.over()
    idleness.touch()
    clock.now = 18
    assert not idleness.over()
    clock.now = 19
    assert idleness.over()


def test_a_long_request_is_not_idle() -> None:
    clock, cpu = Clock(), Clock()
    idleness = Idleness(10, clock, cpu)
    for second in range(1, 60):
        clock.now, cpu.now = second, second * 0.1
        assert not idleness.over()
    clock.now = 69
    assert idleness.over()


def test_without_a_limit_it_is_never_over() -> None:
    clock, cpu = Clock(), Clock()
    idleness = Idleness(0, clock, cpu)
    clock.now = 1e9
    assert not idleness.over()
