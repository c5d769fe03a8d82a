"""Whether the brokers know the requests that the group protocol and the way of delivery need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from consumer.examining.addresses import reachable
from consumer.examining.finding import Note, failure, passed
from consumer.examining.kafka_hello import (
    CONSUMER_GROUP_HEARTBEAT,
    INIT_PRODUCER_ID,
    TXN_OFFSET_COMMIT,
    NotKafka,
    known_requests,
)
from consumer.examining.transport import Transport
from consumer.kafka.delivery import Delivery
from consumer.kafka.examining.cluster import Cluster, Refused
from shared.errors import BrokerUnavailable

# With this version a transaction's offsets are fenced by the group's generation (KIP-447, Kafka 2.5).
OFFSETS_OF_MEMBERS = 3
TRANSACTION_MS_MAX = "transaction.max.timeout.ms"


@dataclass(frozen=True, slots=True)
class AbilitiesCheck:
    """Whether the broker can do what `--group-protocol` and `--delivery` ask for."""

    cluster: Cluster
    bootstrap_servers: str
    transport: Transport
    group_protocol: str
    delivery: Delivery
    transaction_timeout_s: float
    name: str = "broker"
    after: Sequence[str] = ("SASL",)
    limit_s: float = 10.0

    def run(self) -> list[Note]:
        """Ask for the requests it knows, and for the longest transaction it allows."""
        known = self._known()
        return [*self._group(known), *(self._transactions(known) if self.delivery is Delivery.EXACTLY_ONCE else ())]

    def _known(self) -> Mapping[int, int]:
        reason: Exception | None = None
        for place in reachable(self.bootstrap_servers):
            try:
                with self.transport.connect(place) as connection:
                    return known_requests(connection)
            except (OSError, NotKafka) as error:
                reason = error
        raise BrokerUnavailable("no broker says which requests it knows", hint="is it going away?") from reason

    def _group(self, known: Mapping[int, int]) -> list[Note]:
        newer = CONSUMER_GROUP_HEARTBEAT in known
        if self.group_protocol == "consumer" and not newer:
            return [
                failure(
                    "the broker does not know the newer group protocol",
                    "Kafka 4.0 or newer",
                    "--group-protocol classic (REVIEWS_GROUP_PROTOCOL) works on older ones",
                )
            ]
        return [passed(f"knows {len(known)} requests, among them those of --group-protocol {self.group_protocol}")]

    def _transactions(self, known: Mapping[int, int]) -> list[Note]:
        if INIT_PRODUCER_ID not in known or known.get(TXN_OFFSET_COMMIT, 0) < OFFSETS_OF_MEMBERS:
            return [
                failure(
                    "the broker does not know transactions that carry a member's offsets",
                    "Kafka 2.5 or newer",
                    "--delivery at-least-once (REVIEWS_DELIVERY) works on older ones",
                )
            ]
        longest_ms = self._longest_transaction_ms()
        if longest_ms is not None and self.transaction_timeout_s * 1000 > longest_ms:
            return [
                failure(
                    f"transactions of {self.transaction_timeout_s:g} s are asked for",
                    f"no more than {TRANSACTION_MS_MAX}, {longest_ms / 1000:g} s",
                    "lower --transaction-timeout (REVIEWS_TRANSACTION_TIMEOUT), or raise the broker's setting",
                )
            ]
        allowed = "" if longest_ms is None else f" of up to {longest_ms / 1000:g} s"
        return [passed(f"knows transactions{allowed}")]

    def _longest_transaction_ms(self) -> int | None:
        number = min(self.cluster.metadata().brokers)
        try:
            return int(self.cluster.broker_config(number)[TRANSACTION_MS_MAX])
        except (Refused, KeyError, ValueError):
            # Whoever may only read and write topics is not told.
            return None
