"""How the stream runs: the settings of `run`, checked together."""

import socket
from dataclasses import dataclass
from pathlib import Path

from consumer.kafka.delivery import Delivery
from consumer.scoring.batching import BatchBounds
from consumer.scoring.dead_letter_limit import DeadLetterBounds
from consumer.scoring.loop import LoopLimits
from shared.errors import ConfigurationError
from shared.settings import setting

# A batch must be done well before the broker gives its transaction up.
BATCH_SHARE_OF_TRANSACTION = 0.25


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How the stream runs."""

    model: Path = setting(Path("models/default"), "Folder of the trained model.")
    neutral_band: float | None = setting(
        None, "A review whose probability is nearer to 0.5 than this is neutral; as trained where it is not given."
    )
    model_watch: float = setting(
        10,
        "Seconds between two looks for a new model in that folder; 0: only when SIGHUP asks for one.",
        minimum=0,
    )
    shadow_model: Path | None = setting(
        None, "Folder of a model that scores the same reviews beside; how often it disagrees is a metric."
    )
    shadow_share: float = setting(1, "Share of the batches that the shadow model scores, above 0.", minimum=0)
    group: str = setting("reviewstream", "Consumer group; members share the topic's partitions.")
    group_protocol: str = setting(
        "consumer", "Group protocol: `consumer` needs Kafka 4.0 or newer.", choices=("consumer", "classic")
    )
    start: str = setting("earliest", "Where a new group starts.", choices=("earliest", "latest"))
    delivery: str = setting(
        Delivery.AT_LEAST_ONCE.value,
        "What a crash may do: repeat labels under the same id, or nothing (one transaction a batch).",
        choices=tuple(delivery.value for delivery in Delivery),
    )
    instance: str = setting(
        "",
        "Name of this process in its group, the same after a restart and unlike any other's; its transactional id is "
        "GROUP-INSTANCE.  [default: the host's name]",
    )
    transaction_timeout: float = setting(
        15, "Seconds after which the broker aborts a transaction of a process that is gone.", minimum=1
    )
    batch_records_max: int = setting(4096, "Most records in a micro-batch.", minimum=1)
    batch_bytes_max: int = setting(8 * 1024 * 1024, "Most bytes of reviews in a micro-batch.", minimum=1)
    batch_time_max: float = setting(
        0.05,
        "Seconds a micro-batch may take, as predicted from what batches took; its bytes are limited to that.",
        minimum=0,
    )
    latency_objective: float = setting(
        1, "Seconds; while reviews are older than this when read, larger batches catch up.", minimum=0
    )
    review_bytes_max: int = setting(1024 * 1024, "A larger review becomes a dead letter.", minimum=1)
    dead_letters_in_a_row_max: int = setting(
        100, "So many dead letters in a row are an outage: stop before they are written.", minimum=1
    )
    dead_letter_ratio_max: float = setting(0.2, "The same for their share of the last 1,000 records.", minimum=0)
    inflight_records_max: int = setting(20_000, "Most records waiting for the broker's acknowledgement.", minimum=1)
    shutdown_timeout: float = setting(30, "Seconds to finish what is in flight when told to stop.", minimum=0)
    live_within: float = setting(60, "Seconds without a turn of the loop after which /livez fails.", minimum=1)
    metrics_host: str = setting("127.0.0.1", "Address that /metrics, /livez, /readyz and /startupz are served on.")
    metrics_port: int = setting(9464, "Port of the same; 0 takes a free one.", minimum=0)
    workers: int = setting(
        1,
        "Processes that share the partitions; from 2 on this one starts and watches them, and their metrics are on the "
        "ports after its own.",
        minimum=1,
    )
    last_scrape_within: float = setting(
        0, "Seconds to wait at the end, at most, until /metrics was read once more; 0 does not wait.", minimum=0
    )

    def __post_init__(self) -> None:
        """Refuse settings that contradict each other."""
        if self.inflight_records_max < self.batch_records_max:
            raise ConfigurationError(
                f"--inflight-records-max ({self.inflight_records_max}) is less than one batch "
                f"(--batch-records-max, {self.batch_records_max})",
                hint="raise the first or lower the second",
            )
        if not 0 < self.shadow_share <= 1:
            raise ConfigurationError(
                f"--shadow-share is {self.shadow_share:g}",
                hint="it is above 0 and at most 1; without --shadow-model no model is a shadow",
            )
        longest_s = self.transaction_timeout * BATCH_SHARE_OF_TRANSACTION
        if self.delivery == Delivery.EXACTLY_ONCE and self.batch_time_max > longest_s:
            raise ConfigurationError(
                f"--batch-time-max ({self.batch_time_max:g} s) is more than a quarter of --transaction-timeout "
                f"({self.transaction_timeout:g} s): a batch could outlive its transaction",
                hint="lower the first or raise the second",
            )

    def loop_limits(self) -> LoopLimits:
        """Return the bounds of the loop."""
        return LoopLimits(
            value_bytes_max=self.review_bytes_max,
            dead_letters=DeadLetterBounds(self.dead_letters_in_a_row_max, self.dead_letter_ratio_max),
            drain_s_max=self.shutdown_timeout,
        )

    def batch_bounds(self) -> BatchBounds:
        """Return what no batch exceeds."""
        return BatchBounds(self.batch_records_max, self.batch_bytes_max, self.batch_time_max, self.latency_objective)

    @property
    def transactional_id(self) -> str:
        """The name of this process's transactions: the same after a restart, so that a ghost of it is fenced."""
        return f"{self.group}-{self.instance or socket.gethostname()}"
