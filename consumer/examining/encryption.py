"""Whether both sides speak TLS, or both do not, and whether the broker's certificate is to be trusted."""

import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from consumer.examining.addresses import Place, reachable, softened
from consumer.examining.finding import Note, failure, passed, warning
from consumer.examining.kafka_hello import NotKafka, known_requests
from consumer.examining.transport import ANSWER_S_MAX, Transport
from shared.errors import BrokerUnavailable

DAY_S = 86_400
RENEW_BEFORE_DAYS = 14
NAMES_SHOWN = 4
PROTOCOL = "-X security.protocol (REVIEWS_KAFKA_PROPERTY)"
TRUST = (
    "-X ssl.ca.location (REVIEWS_KAFKA_PROPERTY) names who vouches for the broker; its certificate must name the host "
    "that --bootstrap-servers names, and be in date"
)


@dataclass(frozen=True, slots=True)
class EncryptionCheck:
    """Whether the brokers speak as `security.protocol` says, and show a certificate that is trusted."""

    bootstrap_servers: str
    transport: Transport
    name: str = "TLS"
    after: Sequence[str] = ("TCP",)
    limit_s: float = 15.0

    def run(self) -> list[Note]:
        """Greet each bootstrap server that listens; BrokerUnavailable where none does any more."""
        look = self._look_encrypted if self.transport.encrypted else self._look_plain
        servers = reachable(self.bootstrap_servers)
        if not servers:
            raise BrokerUnavailable("no bootstrap server listens any more", hint="is a broker being restarted?")
        return softened([look(place) for place in servers])

    def _look_plain(self, place: Place) -> Note:
        found = f"{place[0]}:{place[1]}"
        protocol = self.transport.protocol
        answer = plain_answer(place)
        if answer == "":
            return _in_the_clear(place, self.transport)
        if speaks_tls(place):
            return failure(
                f"{found} speaks TLS, and security.protocol is {protocol}",
                "the same on both sides",
                f"set {PROTOCOL} to {'sasl_ssl' if self.transport.logs_in else 'ssl'}, or use the plaintext port",
            )
        return failure(f"{found} {answer}", "a Kafka broker", "is it Kafka that listens on this port, and is it well?")

    def _look_encrypted(self, place: Place) -> Note:
        found = f"{place[0]}:{place[1]}"
        try:
            context = self.transport.context()
        except (OSError, ValueError) as error:
            return failure(f"authorities or own certificate can't be read: {error}", "PEM files", TRUST)
        try:
            with (
                socket.create_connection(place, ANSWER_S_MAX) as connection,
                context.wrap_socket(connection, server_hostname=place[0]) as secure,
            ):
                return _certificate(found, secure.getpeercert() or {}, f"{secure.version()}")
        except ssl.SSLCertVerificationError as error:
            return failure(f"{found}: {error.verify_message.rstrip('.')}", "a certificate that is trusted", TRUST)
        except TimeoutError:
            return failure(
                f"{found} accepts and says nothing", "a TLS handshake", "is the broker overloaded or hanging?"
            )
        except OSError as error:
            if plain_answer(place) == "":
                return failure(
                    f"{found} speaks Kafka in the clear, and security.protocol is {self.transport.protocol}",
                    "the same on both sides",
                    f"use the broker's TLS port, or set {PROTOCOL} to "
                    f"{'sasl_plaintext' if self.transport.logs_in else 'plaintext'}",
                )
            why = getattr(error, "reason", None) or error.strerror or str(error)
            return failure(f"{found}: no TLS handshake: {why}", "a TLS handshake", f"look at {PROTOCOL}; {TRUST}")


def plain_answer(place: Place) -> str:
    """Return "" where a broker answers in the clear, else what happens instead."""
    try:
        with socket.create_connection(place, ANSWER_S_MAX) as connection:
            known_requests(connection)
    except TimeoutError:
        return "accepts and says nothing"
    except (OSError, NotKafka):
        return "does not speak Kafka"
    return ""


def speaks_tls(place: Place) -> bool:
    """Return whether a server begins a TLS handshake, whoever vouches for it."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with socket.create_connection(place, ANSWER_S_MAX) as connection:
            context.wrap_socket(connection, server_hostname=place[0]).close()
    except ssl.SSLError as error:
        # It spoke TLS to refuse us: with an alert of its own.
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
    return True


def _in_the_clear(place: Place, transport: Transport) -> Note:
    found = f"{place[0]}:{place[1]} speaks Kafka in the clear, as security.protocol ({transport.protocol}) says"
    if transport.logs_in and not _is_this_machine(place[0]):
        return warning(f"{found}: so does the password", "TLS between machines", f"set {PROTOCOL} to sasl_ssl")
    return passed(found)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _certificate(found: str, certificate: dict[str, Any], version: str) -> Note:
    names = [str(value) for _, value in certificate.get("subjectAltName", ())][:NAMES_SHOWN]
    ends = certificate.get("notAfter")
    if ends is None:
        return passed(f"{found} speaks {version}")
    days = (ssl.cert_time_to_seconds(ends) - time.time()) / DAY_S
    seen = f"{found} speaks {version}, its certificate is trusted, names {', '.join(names)} and ends in {days:.0f} days"
    if days < RENEW_BEFORE_DAYS:
        return warning(seen, f"more than {RENEW_BEFORE_DAYS} days", "renew the broker's certificate")
    return passed(seen)
