"""The command lines that run Kafka's Java programs."""

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

_LOG_SETTINGS = Path(__file__).with_name("log4j2.properties")

_FLAGS = ("-XX:+UseSerialGC", "-Xshare:auto", "-Djava.awt.headless=true")


class Life(Enum):
    """How long a broker is to run, which decides what its Java spends on the start."""

    # The simple compiler starts a broker in 1.6 s instead of 2.2 s, and is no slower in a short life.
    SHORT = ("-Xmx512m", "-XX:TieredStopAtLevel=1")
    # For measurements: compiled as in production, which takes half a minute of load.
    LONG = ("-Xmx1g",)


@dataclass(frozen=True, slots=True)
class JavaCommands:
    """Kafka's programs, run by this Java from the jars in this folder."""

    java: str
    jars: Path
    life: Life = Life.SHORT

    def format_data(self, cluster_id: str, properties: Path) -> list[str]:
        """Return the command that prepares a node's empty data folder."""
        return [
            *self._kafka(),
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={cluster_id}",
            "-c",
            str(properties),
        ]

    def run_broker(self, properties: Path) -> list[str]:
        """Return the command that runs a node."""
        return [*self._kafka(), "kafka.Kafka", str(properties)]

    def _kafka(self) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={_LOG_SETTINGS.as_uri()}"
        return [self.java, *_FLAGS, *self.life.value, logging, "-cp", str(self.jars / "*")]
