"""The steps of a Kafka transaction: asked again where that helps, and what their failures call for."""

from collections.abc import Callable
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer

from consumer.kafka.delivery import FENCED, NEEDS_AN_OPERATOR, fenced
from shared.clock import Clock
from shared.errors import ConfigurationError, FatalError, RetriableError, ReviewstreamError
from shared.logs import get_logger

REFUSED = {
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: "grant Write and Describe on the transactional id",
    KafkaError.GROUP_AUTHORIZATION_FAILED: "grant Read on the consumer group",
    KafkaError.INVALID_TRANSACTION_TIMEOUT: "lower --transaction-timeout, or raise the broker's "
    "transaction.max.timeout.ms",
    KafkaError.UNSUPPORTED_VERSION: "exactly-once needs Kafka 2.5 or newer; use --delivery at-least-once",
    KafkaError._UNSUPPORTED_FEATURE: "exactly-once needs Kafka 2.5 or newer; use --delivery at-least-once",  # noqa: SLF001
    **NEEDS_AN_OPERATOR,
}
COMMIT = "commit_transaction"
INIT_S_MAX = 60.0
RETRY_S_MAX = 15.0
RETRY_PAUSE_S = 0.1


def attempt(producer: Producer, clock: Clock, step: str, call: Callable[[], object], retry_s_max: float) -> None:
    """Make a transactional call, again where the client says so; raises the reaction that its failure calls for."""
    deadline = clock.monotonic() + retry_s_max
    while True:
        try:
            call()
        except KafkaException as exception:
            error: KafkaError = exception.args[0]
            again = error.retriable() and not error.fatal() and not error.txn_requires_abort()
            if not again or clock.monotonic() >= deadline:
                raise transaction_failure(step, error) from exception
            get_logger("transactions").info("asked_again", step=step, error=error.name())
            # What ends the client meanwhile is told by the call that follows.
            with suppress(KafkaException):
                producer.poll(RETRY_PAUSE_S)
        else:
            return


def transaction_failure(step: str, error: KafkaError) -> ReviewstreamError:
    """Return the reaction that a failed step of a transaction calls for."""
    what = f"{step}: {error.name()}: {error.str()}"
    if error.code() in FENCED:
        return fenced(what)
    mend = REFUSED.get(error.code())
    if mend is not None:
        return ConfigurationError(f"{what}; nothing of the transaction is visible", hint=mend)
    if not error.fatal() and (error.txn_requires_abort() or (error.retriable() and step != COMMIT)):
        return RetriableError(what)
    outcome_unknown = step == COMMIT and not error.fatal()
    doubt = "nobody can tell whether the last transaction was committed: " if outcome_unknown else ""
    return FatalError(f"{doubt}{what}", hint="the supervisor starts a new process, which asks the broker")
