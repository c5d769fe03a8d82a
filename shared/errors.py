"""Errors, named after the reaction they call for.

ReviewstreamError
├── RecordError         one record can't be used: dead-letter it, carry on
├── InputError          a file or an answer given by a person can't be used: say where, stop
├── RetriableError      nothing was committed: rewind and do it again
│   ├── BrokerUnavailable   no broker answered before the deadline
│   └── PageUnavailable     no address that was asked for metrics answered
├── ConfigurationError  refuse to start: a setting, a topic or a model is not as it must be
└── FatalError          leave the process: the supervisor starts it again
    └── FencedError     leave: another process has taken this one's place

Catch the group. `exit_code` is what a command line leaves with, after the BSD `sysexits` numbers.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a record became a dead letter: a closed set, safe as a metric label."""

    NOT_JSON = "not_json"
    SCHEMA = "schema"
    ENCODING = "encoding"
    TOO_LARGE = "too_large"
    EMPTY_VALUE = "empty_value"
    UNSUPPORTED = "unsupported"
    SCORING_FAILED = "scoring_failed"


class ReviewstreamError(Exception):
    """What went wrong; `hint` says how to mend it."""

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class RecordError(ReviewstreamError):
    """One record can't be used; its neighbours can."""

    exit_code = 65

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class InputError(ReviewstreamError):
    """Input named by a person can't be used; the message names the place."""

    exit_code = 65


class RetriableError(ReviewstreamError):
    """The work was not committed and can be done again."""

    exit_code = 75


class BrokerUnavailable(RetriableError):  # noqa: N818 - named after the state, as Kafka's own errors are
    """No broker answered before the deadline."""

    exit_code = 69


class PageUnavailable(RetriableError):  # noqa: N818 - named after the state
    """No address that was asked for metrics answered."""

    exit_code = 69


class ConfigurationError(ReviewstreamError):
    """Something was set up wrongly; running on would do harm."""

    exit_code = 78


class FatalError(ReviewstreamError):
    """The process can't go on; a new one can."""

    exit_code = 70


class FencedError(FatalError):
    """Another process has taken over this one's transactional id."""

    exit_code = 71
