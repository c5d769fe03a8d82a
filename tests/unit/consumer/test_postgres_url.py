from pathlib import Path

import pytest

from consumer.bounded.storing.databases.postgres_url import is_postgres_url, parse_postgres_url
from shared.errors import ConfigurationError


@pytest.fixture(autouse=True)
def no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REVIEWS_POSTGRES_PASSWORD", "REVIEWS_POSTGRES_PASSWORD_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_the_table_is_ours_and_the_rest_of_the_query_is_for_libpq() -> None:
    address = parse_postgres_url("postgresql://anna@db.example:5433/shop?table=night&sslmode=require")
    assert address.table == "night"
    assert address.parameters["sslmode"] == "require"
    assert address.parameters["port"] == "5433"
    assert "table" not in address.parameters


def test_a_table_given_beside_the_url_wins_and_without_any_it_is_sentiment() -> None:
    assert parse_postgres_url("postgres://h/d?table=a", "b").table == "b"
    assert parse_postgres_url("postgres://h/d").table == "sentiment"


def test_a_socket_folder_can_stand_for_a_host() -> None:
    address = parse_postgres_url("postgresql:///shop?host=/run/postgresql")
    assert address.parameters["host"] == "/run/postgresql"
    assert address.parameters["dbname"] == "shop"


def test_a_password_is_neither_in_the_name_nor_in_what_is_printed() -> None:
    for url in ("postgresql://anna:hush%21@h/d", "postgresql://anna@h/d?password=hush%21"):
        address = parse_postgres_url(url)
        assert "hush!" in address.parameters.values()
        assert address.name == "postgresql://anna@h/d"
        assert "hush" not in repr(address)


@pytest.mark.parametrize("url", ["postgresql://a:hu%zzsh@h/d", "postgresql://h/d?passwort=hush", "postgresql://[h/d"])
def test_a_url_that_cant_be_read_is_not_quoted(url: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_postgres_url(url)
    assert "hu" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_password_of_the_url_wins_over_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVIEWS_POSTGRES_PASSWORD", "environment")
    assert "url" in parse_postgres_url("postgresql://a:url@h/d").parameters.values()
    assert "environment" in parse_postgres_url("postgresql://a@h/d").parameters.values()


def test_a_connection_that_nobody_answers_has_an_end_which_the_url_may_change() -> None:
    assert parse_postgres_url("postgresql://h/d").parameters["connect_timeout"] == "10"
    assert parse_postgres_url("postgresql://h/d?connect_timeout=3").parameters["connect_timeout"] == "3"


def test_only_urls_are_taken_for_databases() -> None:
    assert is_postgres_url("postgres://h/d")
    assert not is_postgres_url("postgresql")
    assert not is_postgres_url(str(Path("labels.duckdb")))
