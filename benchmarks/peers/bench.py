"""Where contestants are measured: one broker, one model, a start and an end for each of them."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.application import Application
from benchmarks.peers.assignment import Assignment
from benchmarks.peers.contestants import CACHE, Contestant, dead_letter_topic
from benchmarks.peers.topics import Topics, unique_name
from shared.errors import ReviewstreamError


class ContestantError(ReviewstreamError):
    """A contestant ended, or did not do in time what was waited for."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A contestant that runs, with its work and its topics."""

    application: Application
    assignment: Assignment

    def waiting(self, for_what: str, seconds: float) -> Iterator[None]:
        """Yield again and again; raise ContestantError when the time is over or the contestant has ended."""
        deadline = time.monotonic() + seconds
        while True:
            if not self.application.running():
                raise ContestantError(f"ended while waiting for {for_what}: {self.application.last_words()}")
            if time.monotonic() > deadline:
                raise ContestantError(f"no {for_what} within {seconds:g} s: {self.application.last_words()}")
            yield


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements share."""

    topics: Topics
    model: Path

    @contextmanager
    def seat(self, contestant: Contestant, scorer: str, input_topic: str) -> Iterator[Seat]:
        """Start a contestant on an input topic; at the end kill it and remove what it wrote."""
        group = unique_name(contestant.name)
        assignment = Assignment(
            self.topics.bootstrap_servers,
            input_topic,
            f"{group}.labels",
            group,
            contestant.variant,
            scorer,
            self.model,
            CACHE / "state" / group,
        )
        made = [self.topics.make(assignment.output_topic)]
        if contestant.ours:
            made.append(self.topics.make(dead_letter_topic(assignment)))
        try:
            with Application(contestant, assignment) as application:
                yield Seat(application, assignment)
        finally:
            self.topics.remove(made)
            shutil.rmtree(assignment.state, ignore_errors=True)
