"""A broker with a SASL_SSL listener whose certificate can be changed while it runs."""

import os
import shutil
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from shared.dev_broker.local_kafka import LocalKafka
from shared.dev_broker.ports import HOST
from shared.dev_broker.server_properties import Listener
from shared.kafka_client import KafkaSettings
from tests.support.breakable import SHORT_SESSION, require_local_kafka
from tests.support.certificates import EXPIRED_DAYS, OPENSSL, new_authority, server_identity

PASSWORD = "right"  # noqa: S105 - of a broker that lives for one module of tests
LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
LISTENER = "SECURE"
ANOTHER_HOST = "127.0.0.9"
REQUEST_S = 30.0
LOOK_EVERY_S = 0.05
# Each thread of a listener takes a new certificate by itself: with one, who has seen the new one sees no old one again.
ONE_THREAD = {"num.network.threads": "1"}


@dataclass(frozen=True, slots=True)
class SecureBroker:
    """Where it is, in the clear too; the authority that vouches for it, and another; what it may show for itself.

    `others` are the addresses of its further listeners by their names.
    """

    address: str
    others: Mapping[str, str]
    trusted: Path
    stranger: Path
    right: Path
    wrong: Mapping[str, Path]
    kafka: KafkaSettings

    @property
    def signed_in(self) -> dict[str, str]:
        """The librdkafka properties of a client that trusts it and has the right password."""
        return {
            "security.protocol": "SASL_SSL",
            "ssl.ca.location": str(self.trusted),
            "sasl.mechanism": "PLAIN",
            "sasl.username": "consumer",
            "sasl.password": PASSWORD,
        }

    @contextmanager
    def showing(self, identity: Path) -> Iterator[None]:
        """Let it show another certificate for a while."""
        self._show(identity)
        try:
            yield
        finally:
            self._show(self.right)

    def _show(self, identity: Path) -> None:
        entry = ConfigEntry(
            f"listener.name.{LISTENER.lower()}.ssl.keystore.location",
            str(identity),
            incremental_operation=AlterConfigOpType.SET,
        )
        resource = ConfigResource(ResourceType.BROKER, "1", incremental_configs=[entry])
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap_servers})
        admin.incremental_alter_configs([resource])[resource].result(REQUEST_S)
        host, _, port = self.address.rpartition(":")
        deadline = time.monotonic() + REQUEST_S
        while ssl.get_server_certificate((host, int(port))) not in identity.read_text("ascii"):
            assert time.monotonic() < deadline, f"the broker does not show {identity}"
            threading.Event().wait(LOOK_EVERY_S)


@contextmanager
def secure_broker(
    folder: Path, others: Sequence[Listener] = (), settings: Mapping[str, str] | None = None
) -> Iterator[SecureBroker]:
    """Run one, with further listeners and settings.

    Skips the test where Kafka can't run here or no certificate can be made, in CI it fails.
    """
    require_local_kafka()
    if shutil.which(OPENSSL) is None and not os.environ.get("CI"):
        pytest.skip("SECURE CONNECTIONS NOT TRIED: certificates are made with openssl, which is not here")
    authority, stranger = new_authority(folder, "authority"), new_authority(folder, "stranger")
    right = server_identity(folder / "right", authority, HOST)
    wrong = {
        "certificate expired": server_identity(folder / "expired", authority, HOST, EXPIRED_DAYS),
        "certificate of another host": server_identity(folder / "elsewhere", authority, ANOTHER_HOST),
    }
    listener = Listener(
        LISTENER,
        "SASL_SSL",
        {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(right),
            "ssl.allow.dn.changes": "true",
            "ssl.allow.san.changes": "true",
            "sasl.enabled.mechanisms": "PLAIN",
            "plain.sasl.jaas.config": f'{LOGIN} required user_consumer="{PASSWORD}";',
        },
    )
    with LocalKafka(
        extra_listeners=[listener, *others], extra_settings={**SHORT_SESSION, **ONE_THREAD, **(settings or {})}
    ) as broker:
        kafka = KafkaSettings(bootstrap_servers=broker.bootstrap_servers)
        addresses = {each.name: broker.addresses(each) for each in others}
        yield SecureBroker(
            broker.addresses(listener), addresses, authority.certificate, stranger.certificate, right, wrong, kafka
        )
