"""Kafka in a container, where a Docker engine runs and the extra `docker` is installed."""

import gc
import warnings
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Self

from shared.dev_broker.jars import KAFKA_VERSION
from shared.dev_broker.server_properties import replication
from shared.errors import BrokerUnavailable, ConfigurationError

if TYPE_CHECKING:
    from testcontainers.community.kafka import KafkaContainer

IMAGE = f"apache/kafka:{KAFKA_VERSION}"

_ENGINE_TIME_S_MAX = 2
_START_TIME_S_MAX = 120
# An engine wraps a lot of addresses around what it has to say.
_REASON_CHARS_MAX = 100


def docker_obstacle() -> str | None:
    """Say why no container can be started here, or return None when an engine answers; takes 3 seconds at most."""
    try:
        import docker  # type: ignore[import-untyped]  # noqa: PLC0415 - an optional extra; ships no types
        import testcontainers.community.kafka  # noqa: F401, PLC0415 - an optional extra
    except ImportError as error:
        return f"the Python package {error.name} is not installed (extra `docker`)"
    # Where no engine answers, its client leaves the socket open: closed here, and not where it disturbs somebody else.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        obstacle = _engine_obstacle(docker)
        gc.collect()
    return obstacle


def _engine_obstacle(docker: ModuleType) -> str | None:
    try:
        docker.from_env(timeout=_ENGINE_TIME_S_MAX).close()
    # The client asks the engine for its version when it is made; a refused connection is an OSError or wrapped.
    except (docker.errors.DockerException, OSError) as error:
        return f"no Docker engine answers ({str(error).splitlines()[0][:120]})"
    return None


def docker_is_available() -> bool:
    """Say whether a container could be started here."""
    return docker_obstacle() is None


class ContainerBroker:
    """One Kafka broker in a container; its data are gone when it stops."""

    def __init__(self, image: str = IMAGE) -> None:
        self._image = image
        self._container: KafkaContainer | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the container; return when the broker says that it has started."""
        if self._container is not None:
            raise ConfigurationError("this container runs already")
        self._container = _new_container(self._image)
        try:
            self._container.start(_START_TIME_S_MAX)
        except Exception as error:  # testcontainers lets through whatever the engine's client or the network raises
            self.stop()
            reason = str(error)[:_REASON_CHARS_MAX]
            raise BrokerUnavailable(f"the container of {self._image} did not start: {reason}") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Remove the container."""
        container, self._container = self._container, None
        if container is not None:
            container.stop()

    @property
    def bootstrap_servers(self) -> str:
        """The address that clients outside the container use."""
        if self._container is None:
            raise ConfigurationError("this container does not run")
        return str(self._container.get_bootstrap_server())


def _new_container(image: str) -> "KafkaContainer":
    from testcontainers.community.kafka import KafkaContainer  # noqa: PLC0415 - an optional extra

    class ApacheKafkaContainer(KafkaContainer):
        """testcontainers' container is made for another vendor's image; Apache's is configured by its variables."""

        MIN_KRAFT_TAG = "0"  # the other vendor's versions are not Kafka's

        def tc_start(self) -> None:
            # The port that clients see is known only now. Brokers talk to themselves on a listener of their own:
            # over the published port, transactions hang.
            advertised = f"{self.listener_name}://{self.get_bootstrap_server()},BROKER://localhost:9092"
            script = f"export KAFKA_ADVERTISED_LISTENERS={advertised}\nexec /etc/kafka/docker/run\n"
            self.create_file(script.encode(), self.TC_START_SCRIPT)

    container = ApacheKafkaContainer(image).with_kraft()
    # Once one variable is set the image drops all its defaults, so every setting that matters is given.
    for name, value in replication(brokers=1).items():
        container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
    return container.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")
