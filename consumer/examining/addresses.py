"""Whether the brokers' names resolve, and whether something listens there."""

import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from consumer.examining.finding import Note, Status, failure, passed
from shared.broker_certificate import host_and_port

CONNECT_S_MAX = 2.0
ADDRESSES_SHOWN = 4
CONNECTIONS_MAX = 16
SERVERS = "--bootstrap-servers (REVIEWS_KAFKA_BOOTSTRAP_SERVERS)"

Place = tuple[str, int]


def places(bootstrap_servers: str) -> list[Place]:
    """Return host and port of each bootstrap server."""
    return [host_and_port(address) for address in bootstrap_servers.split(",") if address.strip()]


def own_addresses(bootstrap_servers: str) -> set[str]:
    """Return the addresses under which the brokers see this machine, unless something stands between."""
    return {address for _, address in _reached(bootstrap_servers)}


def reachable(bootstrap_servers: str) -> list[Place]:
    """Return the servers where something listens."""
    return [place for place, _ in _reached(bootstrap_servers)]


def _reached(bootstrap_servers: str) -> list[tuple[Place, str]]:
    """Return the servers where something listens, each with the address that this machine has there."""

    def connect(place: Place) -> list[tuple[Place, str]]:
        try:
            with socket.create_connection(place, CONNECT_S_MAX) as connection:
                return [(place, str(connection.getsockname()[0]))]
        except (OSError, UnicodeError, OverflowError):
            return []

    with ThreadPoolExecutor(CONNECTIONS_MAX) as threads:
        return [found for each in threads.map(connect, places(bootstrap_servers)) for found in each]


def _resolves(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class NamesCheck:
    """Whether each bootstrap host resolves; one that does will do."""

    bootstrap_servers: str
    name: str = "DNS"
    after: Sequence[str] = ("client",)
    limit_s: float = 6.0

    def run(self) -> list[Note]:
        """Resolve each host once."""
        hosts = dict.fromkeys(host for host, _ in places(self.bootstrap_servers))
        if not hosts:
            return [failure("no broker is named", "host:port, separated by commas", f"set {SERVERS}")]
        return softened([self._look_up(host) for host in hosts])

    def _look_up(self, host: str) -> Note:
        try:
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            return failure(
                f"{host} does not resolve: {getattr(error, 'strerror', None) or error}",
                "an address for each host",
                f"is the name in {SERVERS} right, and known to this machine's DNS or /etc/hosts?",
            )
        addresses = list(dict.fromkeys(str(address[4][0]) for address in found))
        shown = ", ".join(addresses[:ADDRESSES_SHOWN]) + (" …" if len(addresses) > ADDRESSES_SHOWN else "")
        return passed(shown if addresses == [host] else f"{host} is {shown}")


@dataclass(frozen=True, slots=True)
class ReachCheck:
    """Whether something listens at each bootstrap server; one that does will do."""

    bootstrap_servers: str
    name: str = "TCP"
    after: Sequence[str] = ("DNS",)
    limit_s: float = 8.0

    def run(self) -> list[Note]:
        """Connect once to each server whose name resolves: of the others the check before has told."""
        servers = [place for place in places(self.bootstrap_servers) if _resolves(place[0])]
        advice = f"is the broker up, is the port in {SERVERS} right, does a firewall let this machine through?"
        return softened(reach_all(servers, advice))


def reach_all(servers: Sequence[Place], advice: str) -> list[Note]:
    """Connect to several places at once: those that say nothing cost the time of one."""
    with ThreadPoolExecutor(CONNECTIONS_MAX) as threads:
        return list(threads.map(lambda place: reach(place, advice), servers))


def reach(place: Place, advice: str) -> Note:
    """Connect to one place and say how long that took, or why not."""
    host, port = place
    started_s = time.monotonic()
    try:
        socket.create_connection(place, CONNECT_S_MAX).close()
    except (OSError, UnicodeError, OverflowError) as error:
        why = "no answer" if isinstance(error, TimeoutError) else (getattr(error, "strerror", None) or str(error))
        return failure(f"{host}:{port}: {why}", "something that listens there", advice)
    return passed(f"{host}:{port} answers in {(time.monotonic() - started_s) * 1000:.1f} ms")


def softened(notes: Sequence[Note]) -> list[Note]:
    """Return failures as warnings where anything passed: the client goes on with the servers that serve."""
    if all(note.status is not Status.PASSED for note in notes):
        return list(notes)
    return [replace(note, status=Status.WARNING) if note.status is Status.FAILED else note for note in notes]
