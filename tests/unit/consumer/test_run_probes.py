"""What the probes answer, from the first moment of the process on."""

from dataclasses import dataclass

from consumer.commands.run_probes import RunProbes
from consumer.commands.run_settings import RunSettings


@dataclass
class FakeLoop:
    silent_s: float = 0.0

    def alive(self) -> None:
        self.silent_s = 0.0

    def silent_for_s(self) -> float:
        return self.silent_s


@dataclass
class FakeMembership:
    joined: bool = True
    commit_failure: str = ""


def answers(probes: RunProbes) -> dict[str, str]:
    return {path: check() for path, check in probes.checks().items()}


def test_while_it_starts_only_liveness_is_well_and_the_others_say_what_is_awaited() -> None:
    probes = RunProbes(RunSettings(live_within=10), FakeLoop(silent_s=3600))
    probes.awaiting("the model")
    awaited = "starting: waiting for the model"
    assert answers(probes) == {"/livez": "", "/readyz": awaited, "/startupz": awaited}


def test_a_start_that_took_longer_than_the_loop_may_stand_still_is_no_stuck_loop() -> None:
    probes = RunProbes(RunSettings(live_within=10), FakeLoop(silent_s=3600))
    probes.running(FakeMembership())
    assert answers(probes) == {"/livez": "", "/readyz": "", "/startupz": ""}


def test_a_loop_that_does_not_turn_fails_liveness_alone_after_its_limit() -> None:
    loop = FakeLoop()
    probes = RunProbes(RunSettings(live_within=10), loop)
    probes.running(FakeMembership())
    loop.silent_s = 9.9
    assert probes.live() == ""
    loop.silent_s = 11.0
    assert answers(probes) == {"/livez": "the loop has not turned for 11 s", "/readyz": "", "/startupz": ""}


def test_ready_is_who_is_a_member_and_can_commit() -> None:
    membership = FakeMembership(joined=False)
    probes = RunProbes(RunSettings(), FakeLoop())
    probes.running(membership)
    assert probes.ready() == "not a member of the group"
    membership.joined, membership.commit_failure = True, "_TIMED_OUT"
    assert probes.ready() == "commits fail: _TIMED_OUT"
    assert (probes.live(), probes.started()) == ("", "")
    membership.commit_failure = ""
    assert probes.ready() == ""
