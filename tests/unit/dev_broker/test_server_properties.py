"""What the nodes of a development cluster are told."""

from pathlib import Path

import pytest

from shared.dev_broker.server_properties import CLIENTS, Cluster, Listener, Node, render


def cluster(brokers: int, *extra: Listener, **settings: str) -> Cluster:
    names = ["CLIENTS", "BROKERS", "CONTROLLERS", *(each.name for each in extra)]
    nodes = [
        Node(number, Path(f"/data/{number}"), {name: 1000 * number + index for index, name in enumerate(names)})
        for number in range(1, brokers + 1)
    ]
    return Cluster(nodes, extra, settings)


@pytest.mark.parametrize(("brokers", "copies", "in_sync"), [(1, "1", "1"), (2, "2", "1"), (3, "3", "2")])
def test_replication_follows_from_the_number_of_brokers(brokers: int, copies: str, in_sync: str) -> None:
    several = cluster(brokers)
    properties = several.properties(several.nodes[0])
    for topic in ("offsets.topic", "transaction.state.log", "share.coordinator.state.topic"):
        assert properties[f"{topic}.replication.factor"] == copies
    for name in ("min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr"):
        assert properties[name] == in_sync


def test_every_node_votes_and_clients_have_a_listener_of_their_own() -> None:
    three = cluster(3)
    properties = three.properties(three.nodes[1])
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:1002,2@127.0.0.1:2002,3@127.0.0.1:3002"
    assert properties["advertised.listeners"] == "CLIENTS://127.0.0.1:2000,BROKERS://127.0.0.1:2001"
    assert three.nodes[1].address(CLIENTS) == "127.0.0.1:2000"


def test_extra_listener_is_advertised_with_its_protocol_and_its_own_settings() -> None:
    secure = cluster(1, Listener("SECURE", "SASL_SSL", {"ssl.client.auth": "none"}))
    properties = secure.properties(secure.nodes[0])
    assert properties["advertised.listeners"].endswith(",SECURE://127.0.0.1:1003")
    assert "SECURE:SASL_SSL" in properties["listener.security.protocol.map"]
    assert properties["listener.name.secure.ssl.client.auth"] == "none"


def test_a_listener_behind_something_else_listens_on_its_own_port_and_tells_clients_the_other_one() -> None:
    behind = Listener("BEHIND", advertised_ports={1: 4444})
    two = cluster(2, behind)
    first, second = (two.properties(node) for node in two.nodes)
    assert "BEHIND://127.0.0.1:1003" in first["listeners"]
    assert first["advertised.listeners"].endswith(",BEHIND://127.0.0.1:4444")
    assert second["advertised.listeners"].endswith(",BEHIND://127.0.0.1:2003")
    assert two.nodes[0].address(behind) == "127.0.0.1:1003"


def test_extra_settings_win_over_the_usual_ones() -> None:
    quick = cluster(1, **{"offsets.topic.num.partitions": "1"})
    assert quick.properties(quick.nodes[0])["offsets.topic.num.partitions"] == "1"


def test_rendered_values_keep_their_backslashes() -> None:
    assert render({"name": "a\\b"}) == "name=a\\\\b\n"
