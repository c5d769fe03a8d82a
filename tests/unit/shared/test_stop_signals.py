"""The first stop signal asks, the second ends the process."""

import signal
from collections.abc import Iterator

import pytest

from shared.stop_signals import StopSignals


@pytest.fixture
def interrupts() -> Iterator[None]:
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interrupts")
@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN])
def test_the_second_interrupt_ends_the_process_also_in_the_background(before: signal.Handlers) -> None:
    signal.signal(signal.SIGINT, before)
    with StopSignals() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.requested()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before
