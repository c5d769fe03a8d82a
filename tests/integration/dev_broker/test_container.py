"""Asking for a Docker engine that is not there leaves nothing behind."""

import gc
import socket
import warnings
from pathlib import Path

import pytest

from shared.dev_broker.container import docker_obstacle


@pytest.mark.parametrize("listening_before", [False, True], ids=["no socket", "a socket nobody listens on"])
def test_an_engine_that_is_away_is_told_and_no_socket_stays_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, listening_before: bool
) -> None:
    address = tmp_path / "docker.sock"
    if listening_before:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(address))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{address}")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        assert "no Docker engine answers" in (docker_obstacle() or "")
        gc.collect()
    assert [str(warning.message) for warning in caught] == []
