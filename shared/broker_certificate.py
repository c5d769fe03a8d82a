"""Why a broker's certificate is not trusted: librdkafka says no more than that it is not."""

import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ANSWER_S_MAX = 2.0
DEFAULT_PORT = 9092


def certificate_complaint(bootstrap_servers: str, config: Mapping[str, Any]) -> str:
    """Return what is wrong with the first certificate that is not trusted under this client configuration, else ""."""
    try:
        context = trusting_context(config)
    except (OSError, ValueError):
        # The authorities can't be read: librdkafka has said so.
        return ""
    complaints = (_complaint(address.strip(), context) for address in bootstrap_servers.split(","))
    return next(filter(None, complaints), "")


def trusting_context(config: Mapping[str, Any]) -> ssl.SSLContext:
    """Return what trusts whom this client configuration trusts; OSError, ValueError where that can't be read."""
    location = config.get("ssl.ca.location")
    named = location if location and location != "probe" else None
    folder = named is not None and Path(named).is_dir()
    context = ssl.create_default_context(
        cafile=None if folder else named, capath=named if folder else None, cadata=config.get("ssl.ca.pem")
    )
    context.check_hostname = config.get("ssl.endpoint.identification.algorithm", "https") != "none"
    return context


def host_and_port(address: str) -> tuple[str, int]:
    """Return both of one bootstrap server, such as `broker:9093` or `SASL_SSL://[::1]`."""
    host, _, port = address.strip().rpartition("://")[2].rpartition(":")
    return (host.strip("[]"), int(port)) if host and port.isdigit() else (port, DEFAULT_PORT)


def _complaint(address: str, context: ssl.SSLContext) -> str:
    place = host_and_port(address)
    try:
        with socket.create_connection(place, ANSWER_S_MAX) as connection:
            context.wrap_socket(connection, server_hostname=place[0]).close()
    except ssl.SSLCertVerificationError as error:
        return f"{address}: {error.verify_message.rstrip('.')}"
    except OSError:
        # What else may go wrong is told by librdkafka.
        return ""
    return ""
