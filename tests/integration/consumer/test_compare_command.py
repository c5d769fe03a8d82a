"""`compare` as people call it: a small model, few reviews, and what is wrong with either."""

import json
import signal
from pathlib import Path

import msgspec
import pytest

from consumer.__main__ import group
from consumer.measuring.results import Comparison
from consumer.measuring.ways import Mode, ScoredBy
from shared.command_line import run_command_line
from shared.dev_broker.choice import DevBroker
from tests.support.metrics_page import await_value, read_metrics
from tests.support.processes import Program
from tests.support.small_model import THREE_SENTIMENTS, sentences, train_small_model

IN_PROCESS = ["--modes", "batch,real-time,micro-batch"]
QUICK = ["--measure-s", "0.05", "--arrivals-per-s", "2000"]


def write_reviews(path: Path, count: int, sentiment: str | None = None) -> Path:
    rows = [
        json.dumps({"text": f"{review.text}, number {number}", "label": sentiment or review.sentiment})
        for number, review in enumerate((sentences() * 3)[:count])
    ]
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


def compare(model: Path, *arguments: str) -> int:
    return run_command_line(group, ["compare", "--model", str(model), *QUICK, *arguments])


def compared(capsys: pytest.CaptureFixture[str]) -> Comparison:
    return msgspec.json.decode(capsys.readouterr().out, type=Comparison)


def test_every_mode_and_scorer_gives_the_same_labels(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_reviews(tmp_path / "rated.jsonl", 200)
    assert compare(small_model, "--data", str(data), *IN_PROCESS, "--json") == 0
    found = compared(capsys)
    assert [(one.scored_by, one.serves) for one in found.subjects] == [
        (ScoredBy.COMPILED, True),
        (ScoredBy.SKLEARN, False),
    ]
    for subject in found.subjects:
        assert {one.mode for one in subject.measurements} == {Mode.BATCH, Mode.REAL_TIME, Mode.MICRO_BATCH}
        assert [one.parity.labels_differ for one in subject.measurements] == [0] * 6
        assert max(one.parity.probability_difference_max for one in subject.measurements) < 1e-12
        assert all(one.quality.accuracy.value > 0.9 for one in subject.measurements)
        assert all((one.memory_peak_mb or 0) > 10 for one in subject.measurements)
    assert found.succeeded


def test_the_folder_holds_page_figures_and_markdown(small_model: Path, tmp_path: Path) -> None:
    data = write_reviews(tmp_path / "rated.jsonl", 120)
    output = tmp_path / "out"
    arguments = ["--data", str(data), "--modes", "batch,real-time", "--scorers", "compiled", "--output", str(output)]
    assert compare(small_model, *arguments) == 0
    assert sorted(path.name for path in output.iterdir()) == ["compare.json", "compare.md", "index.html"]


def test_a_missed_threshold_leaves_with_1(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_reviews(tmp_path / "rated.jsonl", 120)
    arguments = ["--data", str(data), "--modes", "real-time", "--scorers", "compiled", "--real-time-s-max", "1e-9"]
    assert compare(small_model, *arguments) == 1
    assert "not good enough" in capsys.readouterr().out


def test_figures_are_served_and_measured_anew_until_it_is_told_to_stop(small_model: Path, tmp_path: Path) -> None:
    data = str(write_reviews(tmp_path / "rated.jsonl", 120))
    way = ["--modes", "real-time", "--scorers", "compiled", "--real-time-s-max", "1e-9"]
    serving = ["--metrics-port", "0", "--repeat-every", "10ms"]
    arguments = ["compare", "--model", str(small_model), *QUICK, "--data", data, *way, *serving]
    with Program("consumer", arguments, {}) as program:
        port = program.wait_for("serving")["metrics_port"]
        assert program.wait_for("compared")["good_enough"] is False
        first = await_value(port, "reviews_comparison_verdict", 0)
        program.wait_for("compared")
        later = read_metrics(port)
        moment = "reviews_comparison_timestamp_seconds"
        assert later[moment] > first[moment]
        assert 0 < later["reviews_comparison_review_seconds"] < 1
        program.signal(signal.SIGINT)
        program.wait()


def test_a_comparison_that_is_served_leaves_with_its_verdict(small_model: Path, tmp_path: Path) -> None:
    data = str(write_reviews(tmp_path / "rated.jsonl", 120))
    way = ["--modes", "real-time", "--scorers", "compiled", "--real-time-s-max", "1e-9"]
    arguments = ["compare", "--model", str(small_model), *QUICK, "--data", data, *way, "--metrics-port", "0"]
    with Program("consumer", arguments, {}) as program:
        program.wait_for("compared")
        assert program.stop() == 1


def test_a_model_that_only_scikit_learn_can_score_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_small_model(tmp_path / "embedding", "embedding")
    data = write_reviews(tmp_path / "rated.jsonl", 120)
    compare(tmp_path / "embedding", "--data", str(data), "--modes", "batch", "--scorers", "compiled", "--json")
    (subject,) = compared(capsys).subjects
    assert (subject.scored_by, subject.serves) == (ScoredBy.SKLEARN, True)


def test_a_plan_is_advised_on(small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_reviews(tmp_path / "rated.jsonl", 120)
    arguments = ["--data", str(data), "--modes", "batch,real-time", "--scorers", "compiled", "--json"]
    compare(small_model, *arguments, "--plan", "1000000", "--every", "24h")
    advice = compared(capsys).advice
    assert advice is not None
    assert advice.advised in {"a batch job", "real time, in process"}


@pytest.mark.parametrize(
    ("content", "code", "says"),
    [
        (b"", 65, "is empty"),
        (b"\n\n", 65, "holds no review"),
        (b'{"text": "fine", "label": "positive"}\n', 65, "all 1 reviews to judge by are positive"),
        (b'{"text": "fine"}\n', 65, "rated.jsonl:1: there is no label in 'label'"),
        (b'{"text": "fine", "label": "good"}\n', 65, "rated.jsonl:1: unknown class 'good'"),
        (b'{"text": "caf\xe9", "label": "positive"}\n', 65, "rated.jsonl:1: "),
        (
            b"".join(b'{"text": "a", "label": "%b"}\n' % name for name in (b"positive", b"negative", b"neutral")),
            78,
            "knows negative, positive; the reviews are negative, neutral, positive",
        ),
    ],
)
def test_a_file_that_nothing_can_be_compared_on_is_refused_and_nothing_is_written(  # noqa: PLR0913, PLR0917 - the cases
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, code: int, says: str
) -> None:
    data = tmp_path / "rated.jsonl"
    data.write_bytes(content)
    output = tmp_path / "out"
    assert compare(small_model, "--data", str(data), *IN_PROCESS, "--output", str(output)) == code
    said = capsys.readouterr().err
    assert says in said
    assert "how to fix" in said
    assert [path.name for path in tmp_path.iterdir()] == ["rated.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--modes", "batch,fast"], "'fast' is not one of batch, real-time, micro-batch, stream"),
        (["--size", "many"], "'many' is no number of reviews"),
        (["--size", "0"], "'0' is no number of reviews"),
        (["--within", "5m"], "belong to a plan"),
        (["--plan", "10", "--within", "soon"], "'soon' is no time such as"),
        (["--repeat-every", "24h"], "belongs to serving"),
    ],
)
def test_wrong_usage_is_explained(
    small_model: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert compare(small_model, *arguments) == 2
    assert says in " ".join(capsys.readouterr().err.split())


def test_an_output_that_is_there_is_refused_before_anything_is_read(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    assert compare(small_model, "--data", "nowhere.jsonl", "--output", str(tmp_path / "out")) == 78
    assert "is there already" in capsys.readouterr().err


def test_a_folder_without_a_model_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare(tmp_path / "nothing") == 78
    assert "no model in" in capsys.readouterr().err


def test_three_classes_are_compared_by_a_model_that_knows_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_small_model(tmp_path / "three", "baseline", THREE_SENTIMENTS)
    rows = [
        json.dumps({"text": f"{review.text}, number {number}", "label": review.sentiment})
        for number, review in enumerate(sentences(THREE_SENTIMENTS))
    ]
    data = tmp_path / "rated.jsonl"
    data.write_text("\n".join(rows))
    compare(tmp_path / "three", "--data", str(data), "--modes", "real-time", "--scorers", "compiled", "--json")
    (subject,) = compared(capsys).subjects
    assert list(subject.measurements[0].quality.by_class) == ["negative", "neutral", "positive"]


@pytest.mark.kafka
def test_labels_that_went_through_kafka_are_those_of_a_call(
    kafka_broker: DevBroker, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_reviews(tmp_path / "rated.jsonl", 150)
    broker = ["--bootstrap-servers", kafka_broker.bootstrap_servers]
    arguments = ["--data", str(data), "--modes", "batch,stream", "--scorers", "compiled", "--arrivals-per-s", "500"]
    assert compare(small_model, *broker, *arguments, "--json") == 0
    found = compared(capsys)
    stream = found.subjects[0].measured(Mode.STREAM)
    assert [one.way for one in stream] == ["all at once", "one at a time", "500 a second"]
    assert [(one.parity.labels_differ, one.parity.probability_difference_max) for one in stream] == [(0, 0.0)] * 3
    assert all(one.parity.reviews >= 100 for one in stream)
    assert all(wait.low > 0 for one in stream for wait in one.timing.latency_s.values())
    assert [cost.name for cost in found.costs] == ["a batch job", "the stream"]
    assert kafka_broker.bootstrap_servers not in msgspec.json.encode(found).decode()


@pytest.mark.kafka
def test_a_stream_without_the_scorer_that_serves_is_nothing_to_measure(
    kafka_broker: DevBroker, small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(write_reviews(tmp_path / "rated.jsonl", 120)), "--modes", "stream"]
    broker = ["--bootstrap-servers", kafka_broker.bootstrap_servers]
    assert compare(small_model, *data, *broker, "--scorers", "scikit-learn") == 78
    assert "there is nothing to measure" in capsys.readouterr().err


def test_without_a_kafka_the_stream_is_left_out_and_that_is_said(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("PATH", "/nonexistent"), ("JAVA_HOME", ""), ("DOCKER_HOST", "tcp://127.0.0.1:1")):
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("REVIEWS_KAFKA_BOOTSTRAP_SERVERS", raising=False)
    data = ["--data", str(write_reviews(tmp_path / "rated.jsonl", 120)), "--scorers", "compiled"]
    assert compare(small_model, *data, "--modes", "real-time,stream", "--json") == 0
    found = compared(capsys)
    assert {one.mode for one in found.subjects[0].measurements} == {Mode.REAL_TIME}
    assert found.left_out[-1].startswith("Left out: stream; there is no broker for a measurement")
    assert compare(small_model, *data, "--modes", "stream") == 78


def test_a_broker_that_does_not_answer_ends_it_before_minutes_are_spent(
    small_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("consumer.commands.compare_run.BROKER_WAIT_S_MAX", 0.5)
    data = write_reviews(tmp_path / "rated.jsonl", 120)
    assert compare(small_model, "--data", str(data), "--bootstrap-servers", "127.0.0.1:1") == 69
    said = capsys.readouterr().err
    assert "no Kafka broker answered" in said
    assert "batch, all in one call" not in said
