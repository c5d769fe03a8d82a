"""Free ports on the loopback interface."""

import random
import socket

from shared.errors import ConfigurationError

HOST = "127.0.0.1"

# Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections: otherwise a client
# that reconnects to a killed node may be given the node's own port, and the node could not be restarted on it.
_CANDIDATES = range(20_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Return that many different ports on which nobody listens at this moment."""
    # Not the seeded generator: tests seed it, and two test runs would pick the same ports.
    shuffled = iter(random.SystemRandom().sample(_CANDIDATES, len(_CANDIDATES)))
    found: list[int] = []
    while len(found) < count:
        port = next(shuffled, None)
        if port is None:
            raise ConfigurationError(f"fewer than {count} ports from {_CANDIDATES[0]} to {_CANDIDATES[-1]} are free")
        if is_free(port):
            found.append(port)
    return found


def is_free(port: int) -> bool:
    """Say whether a server could listen on this port now."""
    with socket.socket() as probe:
        # As Java's server sockets do: connections of an earlier server that linger are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
