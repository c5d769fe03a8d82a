"""librdkafka clients: every option that matters, with its reason, and the first contact with a broker."""

import logging
import time
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from shared.broker_certificate import certificate_complaint
from shared.errors import BrokerUnavailable, ConfigurationError
from shared.logs import get_logger
from shared.settings import setting

# What a program decides by itself: changing these from outside would break a promise.
RESERVED = {
    "auto.offset.reset": "--start says where a new group starts; an old one never jumps",
    "enable.auto.commit": "offsets are committed when the labels are safe",
    "enable.auto.offset.store": "offsets are committed when the labels are safe",
    "enable.idempotence": "without it a retry could repeat or reorder",
    "enable.partition.eof": "--until-caught-up decides it",
    "group.id": "--group (REVIEWS_GROUP) names the group",
    "group.protocol": "--group-protocol (REVIEWS_GROUP_PROTOCOL) names it",
    "transactional.id": "--instance (REVIEWS_INSTANCE) names it, together with --group",
    "transaction.timeout.ms": "--transaction-timeout (REVIEWS_TRANSACTION_TIMEOUT) sets it",
    "isolation.level": "reviews of aborted transactions are never labelled",
}
METADATA_TIMEOUT_S = 2.0
# What waiting does not mend, and what to look at.
WRONG_CREDENTIALS = {
    KafkaError._AUTHENTICATION: "look at -X sasl.mechanism, sasl.username and the password",  # noqa: SLF001 - local codes start with _
    KafkaError.SASL_AUTHENTICATION_FAILED: "look at -X sasl.mechanism, sasl.username and the password",
    KafkaError._SSL: "-X ssl.ca.location names who vouches for the broker; its certificate must name its host, in date",  # noqa: SLF001
}


# Of a transaction's time-out, what one of its messages may take.
MESSAGE_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where Kafka is, and how long to wait for it."""

    bootstrap_servers: str = setting(
        "localhost:9092", "Kafka brokers, host:port, separated by commas.", environment="KAFKA_BOOTSTRAP_SERVERS"
    )
    broker_wait_s_max: float = setting(60, "Give up when no broker has answered for so long at the start.", minimum=0)
    kafka_property: tuple[str, ...] = setting((), "Any librdkafka property, NAME=VALUE; repeatable.", short="-X")

    def __post_init__(self) -> None:
        """Refuse properties that are no properties or that would break a promise."""
        for text in self.kafka_property:
            name, equals, _ = text.partition("=")
            if not equals or not name:
                raise ConfigurationError(f"-X {text!r} is not NAME=VALUE", hint="for example -X client.rack=a")
            if name in RESERVED:
                raise ConfigurationError(f"-X {name} can't be set", hint=RESERVED[name])

    def client_config(self) -> dict[str, Any]:
        """Return what all clients share."""
        given: list[tuple[str, str]] = []
        for text in self.kafka_property:
            name, _, value = text.partition("=")
            given.append((name, value))
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": "reviewstream",
            # Nothing is sent to the broker that nobody asked for.
            "enable.metrics.push": False,
            # A broker that comes back is found again quickly.
            "reconnect.backoff.max.ms": 2000,
            "socket.keepalive.enable": True,
            "logger": client_logger(),
            "error_cb": log_client_error,
        } | dict(given)

    def producer_config(self) -> dict[str, Any]:
        """Return the idempotent producer's configuration."""
        return {
            # No repeats and no reordering inside a partition, whatever is sent again.
            "enable.idempotence": True,
            "acks": "all",
            # Java's default partitioner: both find the same partition for a key.
            "partitioner": "murmur2_random",
            # A batch is produced in one go: waiting for more wins little, and each label would have the wait in its
            # latency. Not 0: then a backlog's labels go out in requests of a few, and brokers have more to do.
            "linger.ms": 0.2,
            "compression.type": "lz4",
            # Bounds memory; produce() then raises BufferError and the caller waits.
            "queue.buffering.max.messages": 100_000,
            "queue.buffering.max.kbytes": 65_536,
            # The topic decides what is too large, not this client: a dead letter is larger than its record.
            "message.max.bytes": 16 * 1024 * 1024,
            # How long one message may take before it counts as failed.
            "message.timeout.ms": 120_000,
        } | self.client_config()

    def transactional_config(self, transactional_id: str, timeout_s: float) -> dict[str, Any]:
        """Return the configuration of a producer whose messages go out in transactions."""
        timeout_ms = round(timeout_s * 1000)
        return {
            # One that starts over when all brokers were away forgets its coordinators, and may wait for them for ever
            # (confluentinc/librdkafka#5511): a restart of the only broker would stop this process for good.
            "metadata.recovery.strategy": "none",
            **self.producer_config(),
            # The same after a restart: init_transactions then ends what the former process left open.
            "transactional.id": transactional_id,
            "transaction.timeout.ms": timeout_ms,
            # A broker that is still busy with the markers of the transaction before says so, and is asked again after
            # this: with the default of 100 ms that is what a small transaction costs, with this a few.
            "retry.backoff.ms": 5,
            # A message must not outlive its transaction, and must fail while it can still be aborted: later the broker
            # has ended the transaction itself, and takes this process for one that was replaced.
            "message.timeout.ms": round(timeout_ms * MESSAGE_SHARE),
        }


class _LibrdkafkaLines(logging.Handler):
    """Turns librdkafka's log lines into events of ours."""

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one line on at its level; connection troubles are told once, by `log_client_error`."""
        line = record.getMessage()
        level = logging.DEBUG if "FAIL" in line or "ERROR" in line else record.levelno
        get_logger("librdkafka").log(level, "client_log", line=line)


def client_logger() -> logging.Logger:
    """Return the logger that librdkafka's own lines go to."""
    logger = logging.getLogger("librdkafka")
    if not logger.handlers:
        logger.addHandler(_LibrdkafkaLines())
        logger.propagate = False
        logger.setLevel(logging.INFO)
    return logger


def log_client_error(error: KafkaError) -> None:
    """Log an error that librdkafka goes on after by itself."""
    get_logger("librdkafka").warning("client_error", error=error.name(), message=error.str())


def wait_for_broker(settings: KafkaSettings) -> Any:
    """Return the ClusterMetadata once a broker answers.

    Raises BrokerUnavailable after `broker_wait_s_max` seconds, and ConfigurationError as soon as one refuses us.
    """
    deadline = time.monotonic() + settings.broker_wait_s_max
    heard = _LastClientError()
    # Its own errors stay quiet: the one line below says it.
    admin = AdminClient(settings.client_config() | {"error_cb": heard.note})
    told = False
    while True:
        try:
            return admin.list_topics(timeout=min(METADATA_TIMEOUT_S, max(0.1, deadline - time.monotonic())))
        except KafkaException as error:
            admin.poll(0)
            heard.raise_refusal(settings)
            if not told:
                get_logger("kafka").warning(
                    "waiting_for_broker",
                    bootstrap_servers=settings.bootstrap_servers,
                    setting="REVIEWS_KAFKA_BOOTSTRAP_SERVERS",
                    give_up_after_s=settings.broker_wait_s_max,
                )
                told = True
            if time.monotonic() >= deadline:
                raise BrokerUnavailable(
                    f"no Kafka broker answered at {settings.bootstrap_servers} "
                    f"within {settings.broker_wait_s_max:g} s: {heard.reason or error.args[0].str()}",
                    hint="is the broker up, does its advertised listener match, does it want TLS "
                    "(-X security.protocol)? --bootstrap-servers (REVIEWS_KAFKA_BOOTSTRAP_SERVERS) names it; "
                    "`make kafka` starts one here",
                ) from error


class _LastClientError:
    """Why a client has no broker: a request that times out does not know, the client's own errors do."""

    def __init__(self) -> None:
        self.reason = ""
        self._refusal: KafkaError | None = None

    def note(self, error: KafkaError) -> None:
        """Take an error that librdkafka goes on after; that all brokers are down is no reason but its result."""
        if error.code() in WRONG_CREDENTIALS:
            self._refusal = error
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001
            self.reason = error.str()

    def raise_refusal(self, settings: KafkaSettings) -> None:
        """Raise ConfigurationError where the broker refuses us, or we it."""
        if self._refusal is not None:
            reason = self._refusal.str()
            if self._refusal.code() == KafkaError._SSL:  # noqa: SLF001
                complaint = certificate_complaint(settings.bootstrap_servers, settings.client_config())
                reason = f"{complaint}; {reason}" if complaint else reason
            raise ConfigurationError(
                f"no connection to Kafka at {settings.bootstrap_servers}: {reason}",
                hint=WRONG_CREDENTIALS[self._refusal.code()],
            )


def create_client(kind: Any, config: dict[str, Any]) -> Any:
    """Build a client; a property librdkafka does not know becomes a ConfigurationError."""
    try:
        return kind(config)
    except KafkaException as error:
        raise ConfigurationError(f"Kafka client: {error.args[0].str()}", hint="look at the -X options") from error
