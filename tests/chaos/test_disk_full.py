"""The broker's disk fills up, and is freed."""

from pathlib import Path

import pytest

from shared.dev_broker.local_kafka import LocalKafka
from shared.kafka_client import KafkaSettings
from tests.support.breakable import SHORT_SESSION, Finish, require_local_kafka
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.small_disk import small_disk
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

SIZE_MB = 200
LEFT_BYTES = 300_000
FULL_S_MAX = 60.0


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_broker_whose_disk_was_full_goes_on_where_it_stood(
    small_model: Path, finish: Finish, delivery: str, tmp_path: Path
) -> None:
    require_local_kafka()
    with small_disk(tmp_path / "disk", SIZE_MB) as disk:
        settings = SHORT_SESSION | {"log.dirs": str(disk.folder / "node-1")}
        with LocalKafka(extra_settings=settings) as broker:
            setting = Setting(KafkaSettings(bootstrap_servers=broker.bootstrap_servers), small_model)
            with Experiment(Case("disk full, then freed", delivery, "consumer"), setting) as experiment:
                experiment.underway()
                disk.fill(LEFT_BYTES)
                # Without a folder to write to, a broker ends.
                assert broker.wait_failure(FULL_S_MAX) is not None
                disk.free()
                broker.restart(1)
                broker.wait_ready()
                experiment.fault_ended()
                experiment.hold(3)
                finish(experiment)
