"""A quota for one client of a broker that others use too: their clients have other names."""

import contextlib
from collections.abc import Iterator

from kafka import KafkaAdminClient
from kafka.protocol.admin import AlterClientQuotasRequest

# What a broker lets a client write, in bytes a second.
PRODUCER_BYTE_RATE = "producer_byte_rate"


@contextlib.contextmanager
def write_quota(bootstrap_servers: str, client_id: str, bytes_per_s: float) -> Iterator[None]:
    """Let clients of this name write no more than that while the context lasts."""
    operation = AlterClientQuotasRequest.EntryData.OpData
    _alter(bootstrap_servers, client_id, operation(key=PRODUCER_BYTE_RATE, value=bytes_per_s, remove=False))
    try:
        yield
    finally:
        _alter(bootstrap_servers, client_id, operation(key=PRODUCER_BYTE_RATE, value=0.0, remove=True))


def _alter(bootstrap_servers: str, client_id: str, operation: AlterClientQuotasRequest.EntryData.OpData) -> None:
    entry = AlterClientQuotasRequest.EntryData
    client = entry.EntityData(entity_type="client-id", entity_name=client_id)
    request = AlterClientQuotasRequest(entries=[entry(entity=[client], ops=[operation])], validate_only=False)
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=bootstrap_servers)) as admin:
        # The client has the request, and no method that sends it.
        answer = admin._manager.run(admin._manager.send, request)
    assert [each.error_code for each in answer.entries] == [0], answer
