"""One environment a tool, pinned with hashes: made under build/, pinned anew by `lock`."""

import re
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.contestants import CACHE, HERE, ROOT, TOOLS
from shared.errors import ConfigurationError

# What loading the model takes, in the versions that trained it.
MODEL_PACKAGES = ("joblib", "msgspec", "numba", "numpy", "scikit-learn", "scipy", "structlog")
WANTED = {
    "quixstreams": ["quixstreams"],
    "faststream": ["faststream[confluent]"],
    # The reviews' topic is compressed, and its client asks for a codec of its own.
    "faust": ["faust-streaming", "aiokafka[lz4]"],
    "bytewax": ["bytewax", "confluent-kafka"],
    "handwritten": ["confluent-kafka"],
}
# The package whose version a tool is known by.
NAMED_AFTER = {
    "quixstreams": "quixstreams",
    "faststream": "faststream",
    "faust": "faust-streaming",
    "bytewax": "bytewax",
    "handwritten": "confluent-kafka",
}
INSTALL_S_MAX = 600.0


def requirements(tool: str) -> Path:
    """Return the file that pins a tool's environment."""
    return HERE / tool / "requirements.txt"


def pinned(file: Path) -> dict[str, list[str]]:
    """Return what a requirements file pins: for each package its lines, one a version, with their conditions."""
    lines: dict[str, list[str]] = {}
    for line in re.findall(r"^[A-Za-z0-9._-]+==[^\\\n]+", file.read_text("utf-8"), re.MULTILINE):
        lines.setdefault(line.partition("==")[0], []).append(line.strip())
    return lines


def version(tool: str) -> str:
    """Return the version that a tool is pinned at."""
    return pinned(requirements(tool))[NAMED_AFTER[tool]][0].partition("==")[2]


def make_environment(tool: str) -> None:
    """Make a tool's environment anew; ConfigurationError where its packages can't be installed."""
    folder = CACHE / tool
    _uv("venv", "--quiet", "--clear", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    _uv("pip", "install", "--quiet", "--python", python, "--require-hashes", "-r", str(requirements(tool)))


def require_environment(tool: str) -> None:
    """Raise ConfigurationError where a tool's environment is missing."""
    if tool in TOOLS and not (CACHE / tool / "bin" / "python").exists():
        raise ConfigurationError(f"{tool} has no environment yet", hint="python -m benchmarks.peers setup")


def lock(tool: str) -> None:
    """Pin a tool's newest versions, with the versions of this project's lock for what the model needs."""
    ours = pinned(ROOT / "requirements" / "dev.txt")
    wanted = [*WANTED[tool], *(line for name in MODEL_PACKAGES for line in ours[name])]
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url", "--no-header"]
    file = requirements(tool)
    _uv("pip", "compile", "--quiet", "--upgrade", *options, "-", "-o", str(file), said="\n".join(wanted))


def _uv(*arguments: str, said: str = "") -> None:
    command = [str(Path(sys.executable).parent / "uv"), *arguments]
    result = subprocess.run(
        command, input=said, capture_output=True, text=True, timeout=INSTALL_S_MAX, check=False, cwd=ROOT
    )
    if result.returncode:
        raise ConfigurationError(f"uv {arguments[0]} failed: {result.stderr.strip()}", hint="see what uv says above")
