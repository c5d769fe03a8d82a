"""What KafkaSource commits, again where it must, and what it makes of the answers."""

from threading import Event

import pytest
from confluent_kafka import KafkaError, TopicPartition

from shared.errors import FatalError, RetriableError
from tests.support.memory_records import TOPIC
from tests.support.source_bench import SourceBench
from tests.support.stream_under_test import Deadline

P0, P1 = (TOPIC, 0), (TOPIC, 1)


def test_a_commit_that_failed_is_made_when_it_is_asked_for_again() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE)
    with pytest.raises(RetriableError):
        bench.source.commit_and_wait({P0: 9}, 10)
    bench.consumer.commit_error = None
    bench.source.commit_and_wait({P0: 9}, 10)
    assert bench.consumer.commits == [{0: 9}]


def poll_until_commits(bench: SourceBench, count: int) -> None:
    deadline = Deadline()
    while len(bench.consumer.commits) < count:
        assert bench.poll() == []
        deadline.check(f"{count} commits are made")


def test_a_commit_that_failed_after_nobody_waited_is_made_again_without_new_records() -> None:
    bench = SourceBench("earliest", 0)
    bench.source.commit({P0: 9})
    bench.source._note_commit(KafkaError(KafkaError._TIMED_OUT), [])
    poll_until_commits(bench, 2)
    assert bench.consumer.commits == [{0: 9}, {0: 9}]


def test_a_commit_that_the_client_never_answers_is_made_again_until_it_is_confirmed() -> None:
    bench = SourceBench("earliest", 0, 1)
    bench.source.commit({P0: 9, P1: 12})
    bench.source._note_commit(None, [TopicPartition(TOPIC, 1, 12)])
    poll_until_commits(bench, 2)
    assert bench.consumer.commits[1:] == [{0: 9}]
    bench.source._note_commit(None, [TopicPartition(TOPIC, 0, 9)])
    assert bench.source._commit_again_at_s == 0.0


def test_a_failed_commit_is_known_until_one_is_confirmed_or_the_partition_is_anothers() -> None:
    bench = SourceBench("earliest", 0)
    failed = KafkaError(KafkaError._TIMED_OUT)
    bench.source.commit({P0: 9})
    bench.source._note_commit(failed, [])
    assert bench.source.commit_failure == "_TIMED_OUT"
    bench.source._note_commit(None, [TopicPartition(TOPIC, 0, 9)])
    assert bench.source.commit_failure == ""
    bench.source._note_commit(failed, [])
    bench.revoke(0)
    assert bench.source.commit_failure == ""


def test_who_lost_its_partitions_is_no_member_until_it_is_assigned_again() -> None:
    bench = SourceBench("earliest", 0)
    assert bench.source.joined
    bench.lose(0)
    assert not bench.source.joined
    bench.assign()
    assert bench.source.joined


def test_a_commit_that_the_broker_never_confirms_is_given_up() -> None:
    bench = SourceBench("earliest", 0)
    let_go = Event()
    bench.consumer.while_committing = lambda: let_go.wait(10)
    with pytest.raises(RetriableError, match="did not confirm a commit"):
        bench.source.commit_and_wait({P0: 9}, 0.05)
    let_go.set()


def test_a_rewind_after_a_commit_that_failed_does_not_repeat_what_is_delivered() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.COORDINATOR_NOT_AVAILABLE)
    with pytest.raises(RetriableError):
        bench.source.commit({P0: 9})
    bench.source.rewind()
    assert bench.consumer.sought == {0: 9}


def test_offsets_are_never_committed_backwards_nor_for_partitions_of_others() -> None:
    bench = SourceBench("earliest", 0)
    for positions in ({P0: 5}, {P0: 4}, {P1: 50}, {P0: 8}, {P0: 8}, {P0: 6}):
        bench.source.commit(positions)
    assert bench.consumer.commits == [{0: 8}]
    for positions in ({P0: 5}, {P1: 50}, {P0: 9}, {P0: 9}, {P0: 6}):
        bench.source.commit_and_wait(positions, 10)
    assert bench.consumer.commits == [{0: 8}, {0: 9}]


def test_what_was_committed_without_waiting_is_committed_again_by_who_waits() -> None:
    bench = SourceBench("earliest", 0)
    bench.source.commit({P0: 8})
    bench.source.commit_and_wait({P0: 8}, 10)
    assert bench.consumer.commits == [{0: 8}, {0: 8}]


def test_a_partition_that_went_away_and_came_back_is_not_committed_before_where_others_left_it() -> None:
    bench = SourceBench("earliest", 0)
    bench.revoke(0)
    bench.source.commit({P0: 20})
    bench.consumer.positions[0] = 30
    bench.assign(0)
    bench.source.commit({P0: 20})
    assert bench.consumer.commits == []


def test_a_commit_refused_since_others_own_the_partition_is_no_error() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError.ILLEGAL_GENERATION)
    bench.source.commit_and_wait({P0: 9}, 10)


def test_a_commit_of_a_fenced_member_ends_the_process() -> None:
    bench = SourceBench("earliest", 0)
    bench.consumer.commit_error = KafkaError(KafkaError._FATAL, "fenced", fatal=True)
    with pytest.raises(FatalError):
        bench.source.commit({P0: 9})
