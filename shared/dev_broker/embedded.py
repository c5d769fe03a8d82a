"""A broker inside this Python process, for a demo on a machine that has nothing else."""

from types import TracebackType
from typing import Self

from confluent_kafka import KafkaException, Producer

from shared.errors import BrokerUnavailable, ConfigurationError

_ANSWER_TIME_S_MAX = 10.0


class EmbeddedBroker:
    """librdkafka's mock cluster: it stores no transactional offsets and shows aborted records, so for demos only.

    It never proves delivery. It makes topics as they are first used, keeps about 5 MB a partition (what was not read
    by then is gone) and takes some thousand records a second.
    """

    def __init__(self, brokers: int = 1) -> None:
        self._brokers = brokers
        self._host: Producer | None = None
        self._addresses = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the brokers; return when they answer."""
        if self._host is not None:
            raise ConfigurationError("this embedded broker runs already")
        # The mock cluster lives as long as the client that asked for it.
        host = Producer({"test.mock.num.brokers": self._brokers})
        try:
            brokers = host.list_topics(timeout=_ANSWER_TIME_S_MAX).brokers.values()
        except KafkaException as error:
            raise BrokerUnavailable("the embedded broker does not answer") from error
        self._host = host
        self._addresses = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def stop(self) -> None:
        """End the brokers; all their records are gone."""
        host, self._host = self._host, None
        if host is not None:
            host.close()

    @property
    def bootstrap_servers(self) -> str:
        """The addresses of all brokers."""
        if self._host is None:
            raise ConfigurationError("this embedded broker does not run")
        return self._addresses
