"""What is wrong with a certificate is told in OpenSSL's words, and what is not about certificates is left to others."""

import contextlib
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.broker_certificate import certificate_complaint
from shared.dev_broker.ports import HOST, free_ports
from tests.support.certificates import EXPIRED_DAYS, OPENSSL, Authority, new_authority, server_identity

pytestmark = pytest.mark.skipif(shutil.which(OPENSSL) is None, reason="certificates are made with openssl")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(scope="module")
def authority(folder: Path) -> Authority:
    return new_authority(folder, "authority")


@contextlib.contextmanager
def server(identity: Path) -> Iterator[str]:
    """Give the address of a server that shakes one hand."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    with socket.create_server((HOST, 0)) as listening:

        def shake_hands() -> None:
            connection, _ = listening.accept()
            with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.recv(1)

        thread = threading.Thread(target=shake_hands, daemon=True)
        thread.start()
        yield f"{HOST}:{listening.getsockname()[1]}"
        thread.join(10)


def test_a_certificate_that_is_right_is_not_complained_about(folder: Path, authority: Authority) -> None:
    trusting = {"ssl.ca.location": str(authority.certificate)}
    with server(server_identity(folder / "right", authority, HOST)) as address:
        assert certificate_complaint(f"SASL_SSL://{address}", trusting) == ""


def test_one_that_has_expired_is_told_from_one_of_another_host(folder: Path, authority: Authority) -> None:
    trusting = {"ssl.ca.pem": authority.certificate.read_text("ascii")}
    with server(server_identity(folder / "expired", authority, HOST, EXPIRED_DAYS - 1)) as address:
        assert certificate_complaint(address, trusting) == f"{address}: certificate has expired"
    with server(server_identity(folder / "elsewhere", authority, "127.0.0.9")) as address:
        complaint = certificate_complaint(address, trusting)
    assert complaint == f"{address}: IP address mismatch, certificate is not valid for '{HOST}'"


def test_another_host_is_nothing_to_complain_about_where_nobody_asks_for_it(folder: Path, authority: Authority) -> None:
    trusting = {"ssl.ca.location": str(authority.certificate), "ssl.endpoint.identification.algorithm": "none"}
    with server(server_identity(folder / "anywhere", authority, "127.0.0.9")) as address:
        assert certificate_complaint(address, trusting) == ""


def test_one_that_the_authority_does_not_vouch_for_is_told(folder: Path, authority: Authority) -> None:
    stranger = new_authority(folder, "stranger")
    with server(server_identity(folder / "unknown", authority, HOST)) as address:
        complaint = certificate_complaint(address, {"ssl.ca.location": str(stranger.certificate)})
    assert complaint == f"{address}: unable to get local issuer certificate"


def test_nobody_there_and_authorities_that_can_not_be_read_are_told_by_others(folder: Path) -> None:
    (port,) = free_ports(1)
    assert certificate_complaint(f"{HOST}:{port}", {}) == ""
    assert certificate_complaint(f"{HOST}:{port}", {"ssl.ca.location": str(folder / "none")}) == ""
