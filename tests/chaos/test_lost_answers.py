"""The broker did what it was asked, and its answer never arrives: done or not done, nobody knows."""

import pytest

from tests.support import kafka_frames
from tests.support.breakable import Breakable, Finish
from tests.support.experiment import Experiment, Setting
from tests.support.invariants import Case
from tests.support.ways import DELIVERIES

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

LOST_S_MAX = 60.0
REQUESTS = {
    "at-least-once": {"Produce": kafka_frames.PRODUCE, "OffsetCommit": kafka_frames.OFFSET_COMMIT},
    "exactly-once": {
        "Produce": kafka_frames.PRODUCE,
        "AddOffsetsToTxn": kafka_frames.ADD_OFFSETS_TO_TXN,
        "TxnOffsetCommit": kafka_frames.TXN_OFFSET_COMMIT,
        "EndTxn": kafka_frames.END_TXN,
    },
}


@pytest.mark.parametrize(
    ("delivery", "request_name"), [(delivery, name) for delivery in DELIVERIES for name in REQUESTS[delivery]]
)
def test_a_lost_answer_neither_loses_nor_repeats(
    breakable: Breakable, proxied: Setting, finish: Finish, delivery: str, request_name: str
) -> None:
    with Experiment(Case(f"answer to {request_name} lost, twice", delivery, "consumer"), proxied) as experiment:
        experiment.underway()
        for _ in range(2):
            lost = breakable.proxy.swallow_answer(REQUESTS[delivery][request_name])
            assert lost.wait(LOST_S_MAX), f"no {request_name} was sent"
            experiment.fault_ended()
            experiment.hold(1)
        finish(experiment)
