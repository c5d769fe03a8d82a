"""Certificates for one test: an authority, and what it vouches for."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

VALID_DAYS = 2
# A certificate of no days ends in the second it begins: it has expired when a broker has started with it.
EXPIRED_DAYS = 0
OPENSSL = "openssl"


@dataclass(frozen=True, slots=True)
class Authority:
    """Somebody who vouches for servers: its own certificate and its key."""

    certificate: Path
    key: Path


def new_authority(folder: Path, name: str) -> Authority:
    """Make an authority of this name."""
    authority = Authority(folder / f"{name}.crt", folder / f"{name}.key")
    _openssl(
        *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(VALID_DAYS), "-subj", f"/CN={name}"),
        *("-keyout", str(authority.key), "-out", str(authority.certificate)),
    )
    return authority


def server_identity(folder: Path, authority: Authority, host: str, valid_days: int = VALID_DAYS) -> Path:
    """Return a file with key and certificate of a server at this address, as Kafka reads them; `folder` is made."""
    folder.mkdir()
    key, request, certificate = folder / "server.key", folder / "server.csr", folder / "server.crt"
    names = folder / "names.cnf"
    names.write_text(f"subjectAltName=IP:{host}\n", encoding="ascii")
    _openssl(
        *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={host}"),
        *("-keyout", str(key), "-out", str(request)),
    )
    _openssl(
        *("x509", "-req", "-in", str(request), "-days", str(valid_days), "-extfile", str(names)),
        *("-CA", str(authority.certificate), "-CAkey", str(authority.key), "-CAcreateserial"),
        *("-out", str(certificate)),
    )
    identity = folder / "server.pem"
    identity.write_text(key.read_text("ascii") + certificate.read_text("ascii"), encoding="ascii")
    return identity


def _openssl(*arguments: str) -> None:
    subprocess.run([OPENSSL, *arguments], check=True, capture_output=True)
