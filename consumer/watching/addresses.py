"""Where a page of metrics is, as people write it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from shared.errors import InputError

SCHEMES = {"http": 80, "https": 443}
PAGE = "/metrics"
TARGETS = "/targets"
HINT = "for example 127.0.0.1:9464, http://host:9464/metrics, or http://host:9464/targets for all that it lists"


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme, host, port and path of a page."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        place = f"{host}:{self.port}"
        return place if (self.scheme, self.path) == ("http", PAGE) else f"{self.scheme}://{place}{self.path}"

    @property
    def is_directory(self) -> bool:
        """Whether it lists other addresses, as Prometheus' HTTP service discovery reads them."""
        return self.path.rstrip("/").endswith(TARGETS)

    def directory(self) -> "Address":
        """Return where the same process lists others."""
        return Address(self.scheme, self.host, self.port, TARGETS)


def parse_address(text: str) -> Address:
    """Return the address that host:port or a URL names; InputError where it names none."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port
    except ValueError as error:
        raise InputError(f"{text!r} is no address: {error}", hint=HINT) from error
    if parts.scheme not in SCHEMES or not parts.hostname or ("://" not in text and port is None):
        raise InputError(f"{text!r} is no address", hint=HINT)
    path = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    return Address(parts.scheme, parts.hostname, port or SCHEMES[parts.scheme], path or PAGE)
