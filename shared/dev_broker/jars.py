"""Kafka's jars: fetched once by Maven into a cache, shared by all processes of this user."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ConfigurationError

KAFKA_VERSION = "4.3.1"
JAVA_VERSION_MIN = 17

_FOLDER = f"kafka-{KAFKA_VERSION}"
_POM = Path(__file__).with_name("pom.xml")
_FETCH_TIME_S_MAX = 900
_JAVA_HINT = (
    f"install Java {JAVA_VERSION_MIN} or later and put it on the PATH: "
    "`apt install openjdk-17-jre-headless`, or `brew install openjdk` and its bin folder"
)
_MAVEN_HINT = "install Maven: `apt install maven` or `brew install maven`"


def default_cache() -> Path:
    """Return the folder for downloads that the XDG base directory specification gives."""
    # Not a setting of Reviewstream, but where this machine keeps caches: so not in shared/settings.
    configured = os.environ.get("XDG_CACHE_HOME", "")
    root = Path(configured) if os.path.isabs(configured) else Path.home() / ".cache"  # noqa: PTH117 - "" is no path
    return root / "reviewstream"


def local_kafka_obstacle(cache: Path | None = None) -> str | None:
    """Say why local Kafka can't run on this machine, or return None when it can."""
    try:
        find_java()
        if not _jars_folder(cache).is_dir():
            _find_maven()
    except ConfigurationError as error:
        return f"{error} ({error.hint})"
    return None


def find_java() -> str:
    """Return the path of a Java that is recent enough for the broker."""
    java = shutil.which("java")
    if java is None:
        raise ConfigurationError("java is not on the PATH", hint=_JAVA_HINT)
    # macOS has a `java` that only says where to buy one: ask it, finding it is not enough.
    ask = [java, "-version"]
    answer = subprocess.run(ask, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - from the PATH
    version = re.search(r'version "(\d+)', answer.stderr)
    if answer.returncode != 0 or version is None:
        raise ConfigurationError(f"{java} does not say its version", hint=_JAVA_HINT)
    if int(version[1]) < JAVA_VERSION_MIN:
        raise ConfigurationError(f"{java} is too old: version {version[1]}", hint=_JAVA_HINT)
    return java


def fetch_jars(cache: Path | None = None) -> Path:
    """Return the folder with the broker's jars, downloading them the first time."""
    folder = _jars_folder(cache)
    if folder.is_dir():
        return folder
    maven = _find_maven()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _lock(folder.with_name(f"{_FOLDER}.lock")):
        # Another process may have fetched them while this one waited for the lock.
        if not folder.is_dir():
            _download(maven, folder)
    return folder


def _jars_folder(cache: Path | None) -> Path:
    return (cache or default_cache()) / _FOLDER


def _find_maven() -> str:
    maven = shutil.which("mvn")
    if maven is None:
        raise ConfigurationError("Kafka's jars are not here yet and mvn is not on the PATH", hint=_MAVEN_HINT)
    return maven


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    # The kernel releases the lock when its holder dies, so a killed download blocks nobody.
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(maven: str, folder: Path) -> None:
    sys.stderr.write(f"Downloading Apache Kafka {KAFKA_VERSION} (about 44 MB, once) to {folder}\n")
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{_FOLDER}.part-"))
    command = [maven, "--batch-mode", "--quiet", "--file", str(_POM), "dependency:copy-dependencies"]
    options = [f"-DoutputDirectory={aside}", "-DincludeScope=runtime", f"-Dkafka.version={KAFKA_VERSION}"]
    try:
        _run_maven([*command, *options])
        aside.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _run_maven(command: list[str]) -> None:
    try:
        answer = subprocess.run(  # noqa: S603 - from the PATH
            command, capture_output=True, text=True, check=False, timeout=_FETCH_TIME_S_MAX
        )
    except subprocess.TimeoutExpired:
        raise ConfigurationError(f"Maven did not fetch Kafka's jars within {_FETCH_TIME_S_MAX} s") from None
    if answer.returncode != 0:
        said = "\n".join((answer.stdout + answer.stderr).strip().splitlines()[:5])
        raise ConfigurationError(f"Maven could not fetch Kafka's jars: {said}", hint="is Maven Central reachable?")
