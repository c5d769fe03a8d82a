"""Finds out that the topic was deleted while it is read: nobody says so in the newer group protocol."""

from confluent_kafka import Consumer, KafkaError, KafkaException

from consumer.kafka.group import topic_is_gone
from shared.clock import Clock

ASK_EVERY_S = 5.0
ANSWER_S_MAX = 1.0
# Once may be a broker that has just come up and does not know all topics yet.
TIMES_MISSING_MAX = 2


class TopicWatch:
    """Asks for the topic while no partition of it is held, be it that others hold them, or that there are none."""

    def __init__(self, topic: str, clock: Clock) -> None:
        self._topic = topic
        self._clock = clock
        self._asked_at_s = clock.monotonic()
        self._times_missing = 0

    def look(self, consumer: Consumer, partitions_held: int) -> None:
        """Ask now and then while nothing is held; ConfigurationError where the topic is missing twice in a row."""
        now_s = self._clock.monotonic()
        if partitions_held:
            self._asked_at_s = now_s
            self._times_missing = 0
        elif now_s - self._asked_at_s >= ASK_EVERY_S:
            self._asked_at_s = now_s
            self._times_missing = self._times_missing + 1 if self._is_missing(consumer) else 0
            if self._times_missing >= TIMES_MISSING_MAX:
                raise topic_is_gone(self._topic)

    def _is_missing(self, consumer: Consumer) -> bool:
        try:
            found = consumer.list_topics(self._topic, ANSWER_S_MAX).topics.get(self._topic)
        except KafkaException:
            # No broker answers: that says nothing of the topic.
            return False
        if found is None:
            return True
        return found.error is not None and found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART
