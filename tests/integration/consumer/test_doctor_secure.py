"""What `doctor` finds where a broker asks for TLS, passwords and rights, and where one advertises a wrong address."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from consumer.commands.run_settings import RunSettings
from consumer.examining.finding import Finding, Note, Status
from consumer.kafka.topic_admin import TopicAdmin
from shared.dev_broker.ports import HOST, free_ports
from shared.dev_broker.server_properties import Listener
from shared.kafka_client import KafkaSettings
from shared.topics import TopicSettings
from tests.support.breakable import RULES
from tests.support.examined import examined, telling
from tests.support.secure_broker import SecureBroker, secure_broker

pytestmark = pytest.mark.kafka

TOPICS = TopicSettings(partitions=1)
REQUEST_S = 30.0
WRONG_PASSWORD = "no-such-word"  # noqa: S105 - nobody's password
# Who speaks in the clear makes the topics and the rules.
SETTINGS = {**RULES, "super.users": "User:ANONYMOUS"}


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    lost = Listener("LOST", advertised_ports={1: free_ports(1)[0]})
    with secure_broker(tmp_path_factory.mktemp("certificates"), [lost], SETTINGS) as broker:
        TopicAdmin(broker.kafka).create(TOPICS.specs())
        yield broker


def reaching(address: str, properties: Mapping[str, str]) -> KafkaSettings:
    return KafkaSettings(
        bootstrap_servers=address, kafka_property=tuple(f"{name}={value}" for name, value in properties.items())
    )


def found(kafka: KafkaSettings, *checks: str, run: RunSettings | None = None) -> Sequence[Finding]:
    """Return what these checks find; whatever it is, no password is in it."""
    findings = examined(kafka, TOPICS, *checks, run=run)
    for word in (WRONG_PASSWORD, "sasl.password=right"):
        assert word not in str(findings)
    return findings


def failed(kafka: KafkaSettings, *checks: str) -> Note:
    """Return the one note that tells of a failure, of the last check that was made."""
    findings = found(kafka, *checks)
    (note,) = [note for finding in findings for note in finding.notes if note.status is Status.FAILED]
    return note


def test_who_trusts_the_broker_and_has_the_right_password_is_well(secure: SecureBroker) -> None:
    run = RunSettings(delivery="exactly-once")
    findings = found(reaching(secure.address, secure.signed_in), "broker", "group", "clock", run=run)
    notes = {finding.check: finding.notes for finding in findings}
    # The certificate of a test ends soon.
    assert [finding.check for finding in findings if finding.status is Status.WARNING] == ["TLS"]
    assert not [finding for finding in findings if finding.status is Status.FAILED]
    assert "logged in by PLAIN" in notes["SASL"][0].found
    assert [note.found for note in notes["ACLs"][:2]] == [
        f"Read on topic {TOPICS.input_topic}",
        f"Write on topic {TOPICS.output_topic}",
    ]
    assert "transactional id" in notes["ACLs"][-1].found


def test_a_wrong_password_and_a_mechanism_that_is_not_offered_are_told(secure: SecureBroker) -> None:
    wrong = failed(reaching(secure.address, secure.signed_in | {"sasl.password": WRONG_PASSWORD}), "broker")
    assert "Authentication failed" in wrong.found
    assert "sasl.username" in wrong.fix
    other = failed(reaching(secure.address, secure.signed_in | {"sasl.mechanism": "SCRAM-SHA-256"}), "broker")
    assert "PLAIN" in other.found
    assert "sasl.mechanism" in other.fix


def test_tls_and_clear_text_are_told_from_each_other(secure: SecureBroker) -> None:
    plain = failed(reaching(secure.address, {}), "SASL")
    assert "speaks TLS, and security.protocol is plaintext" in plain.found
    assert "security.protocol" in plain.fix
    encrypted = failed(reaching(secure.kafka.bootstrap_servers, secure.signed_in), "SASL")
    assert "in the clear, and security.protocol is sasl_ssl" in encrypted.found


def test_a_broker_that_nobody_vouches_for_is_told(secure: SecureBroker) -> None:
    stranger = secure.signed_in | {"ssl.ca.location": str(secure.stranger)}
    note = failed(reaching(secure.address, stranger), "SASL")
    assert "unable to get local issuer certificate" in note.found
    assert "ssl.ca.location" in note.fix


@pytest.mark.parametrize(
    ("identity", "complaint"),
    [
        ("certificate expired", "certificate has expired"),
        ("certificate of another host", "certificate is not valid for '127.0.0.1'"),
    ],
)
def test_a_certificate_that_is_not_right_is_told(secure: SecureBroker, identity: str, complaint: str) -> None:
    with secure.showing(secure.wrong[identity]):
        assert complaint in failed(reaching(secure.address, secure.signed_in), "SASL").found


def test_an_address_that_is_advertised_and_leads_nowhere_is_told(secure: SecureBroker) -> None:
    note = failed(KafkaSettings(bootstrap_servers=secure.others["LOST"]), "group")
    assert note.found.startswith(f"{HOST}:")
    assert "Connection refused" in note.found
    assert "advertised.listeners" in note.fix


def test_rights_that_are_missing_are_told_with_what_grants_them(secure: SecureBroker) -> None:
    admin = AdminClient(secure.kafka.client_config())
    rules = [
        # Where there is a rule, only what rules allow is allowed.
        rule(ResourceType.TOPIC, TOPICS.input_topic, "consumer", AclOperation.DESCRIBE),
        rule(ResourceType.TOPIC, TOPICS.output_topic, "somebody", AclOperation.WRITE),
        rule(ResourceType.GROUP, RunSettings().group, "somebody", AclOperation.READ),
    ]
    for future in admin.create_acls(rules).values():
        future.result(REQUEST_S)
    try:
        findings = found(reaching(secure.address, secure.signed_in), "group")
    finally:
        for asked in admin.delete_acls([AclBindingFilter(*parts(each)) for each in rules]).values():
            asked.result(REQUEST_S)
    read, write, member = telling(findings)["ACLs"]
    assert read.found == f"topic {TOPICS.input_topic}: Describe is allowed"
    assert "--operation Read" in read.fix
    assert write.found == f"topic {TOPICS.output_topic}: nothing is allowed"
    assert f"--group {RunSettings().group}" in member.fix
    assert findings[-1].notes[0].found == "not made: it needs ACLs"


def rule(kind: ResourceType, name: str, user: str, operation: AclOperation) -> AclBinding:
    return AclBinding(kind, name, ResourcePatternType.LITERAL, f"User:{user}", "*", operation, AclPermissionType.ALLOW)


def parts(binding: AclBinding) -> tuple[Any, ...]:
    """Return what a rule is made of, in order."""
    return (
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )
