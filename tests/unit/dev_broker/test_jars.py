"""Kafka's jars are fetched once, whoever else fetches them, and an old Java is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.dev_broker.jars import KAFKA_VERSION, default_cache, fetch_jars, find_java, local_kafka_obstacle
from shared.errors import ConfigurationError

FETCH = "import sys, pathlib; from shared.dev_broker.jars import fetch_jars; fetch_jars(pathlib.Path(sys.argv[1]))"


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that comes first on the PATH, with a Maven that writes down each of its runs."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    runs = tmp_path / "runs"
    find_folder = "for word; do case $word in -DoutputDirectory=*) folder=${word#*=};; esac; done"
    program(folder, "mvn", f"echo run >> {runs}\n{find_folder}\nsleep 0.3; echo jar > $folder/kafka.jar")
    return folder


@pytest.mark.usefixtures("programs")
def test_two_processes_that_need_the_jars_at_once_download_them_once(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    both = [subprocess.Popen([sys.executable, "-c", FETCH, str(cache)]) for _ in range(2)]
    assert [each.wait(30) for each in both] == [0, 0]
    assert (tmp_path / "runs").read_text() == "run\n"
    assert fetch_jars(cache) == cache / f"kafka-{KAFKA_VERSION}"
    assert sorted(each.name for each in cache.iterdir()) == [f"kafka-{KAFKA_VERSION}", f"kafka-{KAFKA_VERSION}.lock"]


def test_failed_download_says_what_maven_said_and_leaves_nothing_behind(programs: Path, tmp_path: Path) -> None:
    program(programs, "mvn", "echo 'no route to host'; exit 1")
    with pytest.raises(ConfigurationError, match="no route to host"):
        fetch_jars(tmp_path)
    assert not list(tmp_path.glob(f"kafka-{KAFKA_VERSION}*/"))


@pytest.mark.parametrize(
    ("says", "complaint"),
    [
        ('openjdk version "11.0.22" 2024-01-16', "too old: version 11"),
        ('java version "1.8.0_292"', "too old: version 1"),
        ("Unable to locate a Java Runtime.", "does not say its version"),
    ],
)
def test_java_that_is_old_or_mute_is_refused_with_a_hint(programs: Path, says: str, complaint: str) -> None:
    program(programs, "java", f"echo '{says}' >&2")
    with pytest.raises(ConfigurationError, match=complaint) as caught:
        find_java()
    assert "apt install" in caught.value.hint


def test_recent_java_and_maven_are_all_that_local_kafka_needs(programs: Path, tmp_path: Path) -> None:
    program(programs, "java", "echo 'openjdk version \"21\" 2023-09-19' >&2")
    assert local_kafka_obstacle(tmp_path) is None


def test_missing_java_is_an_obstacle(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(programs))
    assert "java is not on the PATH" in (local_kafka_obstacle(tmp_path) or "")


def test_cache_is_where_the_xdg_specification_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert default_cache() == Path("/elsewhere/reviewstream")
    monkeypatch.setenv("XDG_CACHE_HOME", "relative/paths/are/to/be/ignored")
    assert default_cache() == Path.home() / ".cache" / "reviewstream"
