"""How a client's properties have it connect: in the clear or by TLS, with a login or without."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from shared.broker_certificate import trusting_context

ANSWER_S_MAX = 2.0


@dataclass(frozen=True, slots=True)
class Transport:
    """What librdkafka's properties say of a connection; holds secrets, and shows none."""

    protocol: str
    properties: Mapping[str, Any]

    @property
    def encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return self.protocol in {"ssl", "sasl_ssl"}

    @property
    def logs_in(self) -> bool:
        """Whether it names a user."""
        return self.protocol.startswith("sasl_")

    def connect(self, place: tuple[str, int]) -> socket.socket:
        """Return an open connection as the client would have it; OSError where there is none."""
        connection = socket.create_connection(place, ANSWER_S_MAX)
        if not self.encrypted:
            return connection
        try:
            return self.context().wrap_socket(connection, server_hostname=place[0])
        except BaseException:
            connection.close()
            raise

    def context(self) -> ssl.SSLContext:
        """Return what trusts whom the client trusts, with the client's own certificate; OSError, ValueError."""
        context = trusting_context(self.properties)
        certificate = self.properties.get("ssl.certificate.location")
        if certificate:
            key, password = self.properties.get("ssl.key.location"), self.properties.get("ssl.key.password")
            context.load_cert_chain(certificate, key, password)
        return context


def transport_of(properties: Mapping[str, Any]) -> Transport:
    """Return the transport of a client with these librdkafka properties."""
    return Transport(str(properties.get("security.protocol", "plaintext")).lower(), properties)
