"""The fault proxy forwards faithfully until it is told to misbehave, and again when it is healed."""

import time
from collections.abc import Iterator

import pytest

from tests.support.fault_proxy import FaultProxy
from tests.support.framed_echo import FramedClient, FramedEcho

ORDINARY = 3
AWAITED = 26


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with FramedEcho() as broker, FaultProxy() as running:
        running.forward_to(broker.address)
        yield running


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[FramedClient]:
    with FramedClient(proxy.address) as connected:
        connected.send(ORDINARY, 1)
        assert connected.receive() == (1, b"")
        yield connected


def test_requests_and_answers_pass_unchanged_and_in_order(client: FramedClient) -> None:
    bodies = [bytes([number]) * (number * 1000) for number in range(1, 50)]
    for number, body in enumerate(bodies):
        client.send(ORDINARY, number, body)
    assert [client.receive() for _ in bodies] == list(enumerate(bodies))


def test_latency_is_added_to_each_direction_and_does_not_add_up_over_requests(
    proxy: FaultProxy, client: FramedClient
) -> None:
    proxy.delay(0.2)
    started = time.monotonic()
    for number in range(20):
        client.send(ORDINARY, number)
    assert [client.receive()[0] for _ in range(20)] == list(range(20))
    assert 0.4 <= time.monotonic() - started < 2.0


def test_a_throttled_connection_takes_the_time_its_bytes_need(proxy: FaultProxy, client: FramedClient) -> None:
    proxy.throttle(100_000)
    started = time.monotonic()
    client.send(ORDINARY, 1, b"x" * 30_000)
    assert client.receive() == (1, b"x" * 30_000)
    assert time.monotonic() - started >= 0.5


def test_a_cut_resets_connections_and_new_ones_are_taken(proxy: FaultProxy, client: FramedClient) -> None:
    proxy.cut()
    with pytest.raises(ConnectionResetError):
        client.receive()
    with FramedClient(proxy.address) as another:
        another.send(ORDINARY, 5)
        assert another.receive() == (5, b"")


def test_refused_are_new_connections_only_until_it_is_healed(proxy: FaultProxy, client: FramedClient) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        FramedClient(proxy.address)
    client.send(ORDINARY, 2)
    assert client.receive() == (2, b"")
    proxy.heal()
    with FramedClient(proxy.address) as another:
        another.send(ORDINARY, 3)
        assert another.receive() == (3, b"")


def test_a_half_open_connection_stays_silent_and_delivers_late_when_it_is_healed(
    proxy: FaultProxy, client: FramedClient
) -> None:
    proxy.freeze()
    client.send(ORDINARY, 7, b"late")
    with pytest.raises(TimeoutError):
        client.receive(0.3)
    assert proxy.connections() == 1
    proxy.heal()
    assert client.receive() == (7, b"late")


def test_the_answer_to_one_kind_of_request_is_lost_once_and_its_connection_is_reset(
    proxy: FaultProxy, client: FramedClient
) -> None:
    swallowed = proxy.swallow_answer(AWAITED)
    client.send(ORDINARY, 1)
    assert client.receive() == (1, b"")
    assert not swallowed.is_set()
    client.send(AWAITED, 2)
    with pytest.raises(ConnectionResetError):
        client.receive()
    assert swallowed.wait(10)
    with FramedClient(proxy.address) as another:
        another.send(AWAITED, 3)
        assert another.receive() == (3, b"")


def test_a_broker_that_is_away_is_a_reset_connection(proxy: FaultProxy) -> None:
    proxy.forward_to("127.0.0.1:1")
    # The reset may come while it still connects.
    with pytest.raises((ConnectionResetError, EOFError)), FramedClient(proxy.address) as client:
        client.receive()
