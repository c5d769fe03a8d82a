"""Addresses, pages over HTTP, and looking at several of them again and again."""

import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from consumer.telemetry.catalogue import metric_names
from consumer.telemetry.metrics import ConsumerMetrics
from consumer.watching.addresses import Address, parse_address
from consumer.watching.asking import Asking
from consumer.watching.metric_names import Name
from consumer.watching.pages import PAGE_BYTES_MAX, fetch_page, listed_addresses
from consumer.watching.sample import read_sample
from consumer.watching.watch import ADDRESSES_MAX, Reading, Watch
from shared.clock import SystemClock
from shared.dev_broker.ports import free_ports
from shared.errors import InputError, RetriableError
from tests.support.consumer_pages import consumer_page, page
from tests.support.page_server import served

# What consumers come to export; each is to move out of here when it is declared.
ONE, TWO, PARENT = (parse_address(f"127.0.0.1:{port}") for port in (1001, 1002, 1003))
ANSWERS = {
    "/metrics": page(consumer_page(4)).encode(),
    "/large": b"#" * (PAGE_BYTES_MAX + 1),
    "/other": b"node_load1 0.5\n",
    "/words": b"hello there\n",
}


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with served(ANSWERS) as address:
        yield f"http://{address}"


class Pages:
    """What stands at each address now; None where nobody answers."""

    def __init__(self, pages: dict[Address, str | None]) -> None:
        self.pages = pages

    def fetch(self, address: Address) -> str:
        found = self.pages.get(address)
        if found is None:
            raise RetriableError("connection refused")
        return found


def labelled(consumed: float) -> str:
    return page(consumer_page(consumed))


def consumed(readings: list[Reading]) -> dict[str, float | None]:
    return {str(one.address): one.change.increase(Name.CONSUMED) if one.change else None for one in readings}


def test_every_name_that_is_read_is_declared_by_the_consumer() -> None:
    assert {str(name) for name in Name if name.startswith("reviews_")} <= metric_names()


def test_a_new_consumers_own_page_can_be_read() -> None:
    registry = CollectorRegistry()
    ConsumerMetrics(registry, SystemClock())
    sample = read_sample(generate_latest(registry).decode(), 0.0)
    assert sample.value(Name.CONSUMED) == 0
    assert sample.by_label(Name.LABELLED, "label") == {"positive": 0, "neutral": 0, "negative": 0}
    stages = sample.histogram(Name.STAGES, "stage", "score")
    assert stages is not None
    assert (stages.count, stages.quantile(0.5)) == (0, None)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("localhost:9464", "localhost:9464"),
        ("http://host:9464/metrics", "host:9464"),
        ("http://host", "host:80"),
        ("https://host/metrics/", "https://host:443/metrics"),
        ("[::1]:9464", "[::1]:9464"),
        ("host:9464/targets", "http://host:9464/targets"),
    ],
)
def test_addresses_are_host_and_port_or_a_url(text: str, shown: str) -> None:
    assert str(parse_address(text)) == shown


@pytest.mark.parametrize("text", ["", "host", "host:port", "ftp://host:1", "host:99999999", "http://", "[::1"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_address(text)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nothing", "answers 404"),
        ("/large", "answers with more than 8 MiB"),
        ("/other", "answers with metrics, but with none of a consumer"),
        ("/words", "answers, but not with metrics"),
    ],
)
def test_an_answer_that_is_no_page_of_a_consumer_says_why(server: str, path: str, reason: str) -> None:
    with pytest.raises(RetriableError, match=reason):
        read_sample(fetch_page(parse_address(server + path)), 0.0)


def test_a_page_is_fetched_and_nobody_there_or_nothing_said_is_told(server: str) -> None:
    assert read_sample(fetch_page(parse_address(f"{server}/metrics")), 0.0).value(Name.CONSUMED) == 4
    (port,) = free_ports(1)
    with pytest.raises(RetriableError, match="connection refused"):
        fetch_page(parse_address(f"127.0.0.1:{port}"))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(RetriableError, match="no answer within"):
        fetch_page(parse_address(f"127.0.0.1:{silent.getsockname()[1]}"), silence_s_max=0.05)


def test_targets_are_listed_as_prometheus_reads_them() -> None:
    listed = [{"targets": ["a:1", "b:2"], "labels": {"__metrics_path__": "/own"}}, {"targets": ["c:3"]}]
    found = listed_addresses(msgspec.json.encode(listed).decode())
    assert [str(address) for address in found] == ["http://a:1/own", "http://b:2/own", "c:3"]
    for text in ("{}", "no", '[{"targets": ["host:port"]}]', "[" * 100_000):
        with pytest.raises(RetriableError):
            listed_addresses(text)


def test_an_address_that_is_away_is_told_with_the_reason_and_the_others_go_on() -> None:
    pages = Pages({ONE: labelled(100), TWO: labelled(10)})
    watch = Watch([ONE, TWO, ONE], pages.fetch, SystemClock())
    assert consumed(watch.look()) == {str(ONE): 100, str(TWO): 10}
    pages.pages |= {ONE: labelled(140), TWO: None}
    readings = watch.look()
    assert consumed(readings) == {str(ONE): 40, str(TWO): None}
    assert readings[1].reason == "connection refused"
    pages.pages[TWO] = labelled(25)
    assert consumed(watch.look()) == {str(ONE): 0, str(TWO): 15}


def test_one_that_hangs_holds_nobody_up() -> None:
    goes_on = threading.Event()

    def fetch(address: Address) -> str:
        if address == TWO:
            goes_on.wait(60)
        return labelled(5)

    watch = Watch([ONE, TWO], fetch, SystemClock(), look_s_max=1)
    assert [one.reason for one in watch.look()] == ["", "the answer takes too long"]
    goes_on.set()


def test_a_question_that_is_open_is_not_asked_again_and_one_that_was_answered_is() -> None:
    goes_on = threading.Event()
    asked: list[int] = []

    def question() -> int:
        asked.append(len(asked))
        goes_on.wait(60)
        return len(asked)

    asking = Asking(question)
    asking.start()
    asking.start()
    goes_on.set()
    assert asking.answer(60) == 1
    asking.start()
    assert asking.answer(60) == 2


def test_a_parent_shows_whom_it_lists_and_who_left_is_forgotten() -> None:
    directory = PARENT.directory()
    parent = page({'reviews_worker_up{worker="0"}': 1, 'reviews_worker_up{worker="1"}': 1})
    pages = Pages({PARENT: parent, directory: targets(ONE, TWO, PARENT), ONE: labelled(1), TWO: labelled(2)})
    watch = Watch([PARENT], pages.fetch, SystemClock())
    assert consumed(watch.look()) == {str(PARENT): None, str(ONE): 1, str(TWO): 2}
    pages.pages[directory] = targets(ONE)
    assert consumed(watch.look()) == {str(PARENT): None, str(ONE): 0}
    pages.pages[directory] = None
    assert consumed(watch.look()) == {str(PARENT): None, str(ONE): 0}, "whom it listed before is still looked at"


def test_a_list_of_targets_may_be_named_itself_and_is_bounded() -> None:
    directory = PARENT.directory()
    many = [parse_address(f"127.0.0.1:{port}") for port in range(1, 200)]
    pages = Pages({directory: targets(*many), **dict.fromkeys(many, labelled(1))})
    watch = Watch([directory], pages.fetch, SystemClock())
    assert len(watch.look()) == ADDRESSES_MAX
    pages.pages = {}
    readings = watch.look()
    assert (readings[0].address, readings[0].reason) == (directory, "connection refused")


def targets(*addresses: Address) -> str:
    return msgspec.json.encode([{"targets": [str(address) for address in addresses], "labels": {}}]).decode()
