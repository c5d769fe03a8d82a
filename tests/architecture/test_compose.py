import re
from pathlib import Path
from typing import Any

import click
import grimp
import pytest
from msgspec import yaml

from consumer.__main__ import group as consumer_group
from consumer.commands.run_settings import RunSettings
from producer.__main__ import group as producer_group

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.decode(TEXT)["services"]
DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text("utf-8")
IMAGE = "reviewstream:local"
PROGRAMS = sorted(name for name, service in SERVICES.items() if service["image"] == IMAGE)
GROUPS = {"review-consumer": consumer_group, "review-producer": producer_group}
PINNED = re.compile(r"[a-z0-9./-]+:[a-zA-Z0-9][\w.-]*")
VARIABLE = re.compile(r"\$\{(REVIEWS_\w+):-([^}]*)\}")

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())
every_program = pytest.mark.parametrize("service", [SERVICES[name] for name in PROGRAMS], ids=PROGRAMS)


def seconds(duration: str) -> float:
    assert duration.endswith("s")
    return float(duration[:-1])


def prometheus_config() -> dict[str, Any]:
    config: dict[str, Any] = yaml.decode((ROOT / "deploy/prometheus/prometheus.yml").read_bytes())
    return config


def mounts(service: str) -> dict[str, Path]:
    """Return the folders of this repository that a container sees, by where it sees them."""
    parts = [volume.split(":") for volume in SERVICES[service]["volumes"]]
    return {target: ROOT / source for source, target, *_ in parts if source.startswith("./")}


def understood(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that words of a command line name, and the arguments left for it."""
    program, *rest = words
    command: click.Command = GROUPS[program]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"{program} has no {rest[0]}"
        command, rest = found, rest[1:]
    return command, rest


def default_values(text: str) -> str:
    return VARIABLE.sub(r"\2", text)


@every_service
def test_service_has_no_rights_it_does_not_need(service: dict[str, Any]) -> None:
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service


@every_service
def test_service_has_bounds(service: dict[str, Any]) -> None:
    assert service["mem_limit"]
    assert {"max-size", "max-file"} <= service["logging"]["options"].keys()


@every_service
def test_service_is_reached_from_this_machine_only(service: dict[str, Any]) -> None:
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@every_service
def test_image_is_pinned_by_a_tag(service: dict[str, Any]) -> None:
    assert PINNED.fullmatch(service["image"])
    assert not service["image"].endswith(":latest")


@every_program
def test_program_writes_nowhere_but_to_tmp(service: dict[str, Any]) -> None:
    assert service["read_only"] is True
    assert service["tmpfs"] == ["/tmp"]  # noqa: S108 - the container's own
    assert "volumes" not in service


@every_program
def test_program_gets_its_signals_and_the_time_to_drain(service: dict[str, Any]) -> None:
    assert service["init"] is True
    assert seconds(service["stop_grace_period"]) > RunSettings().shutdown_timeout


@every_program
def test_program_understands_its_command_line(service: dict[str, Any]) -> None:
    command, arguments = understood([default_values(word) for word in service["command"]])

    command.make_context(command.name, arguments)


def test_every_setting_given_is_one_that_a_program_reads() -> None:
    commands = [understood(SERVICES[name]["command"])[0] for name in PROGRAMS]
    known = {parameter.envvar for command in commands for parameter in command.params}
    given = {name for program in PROGRAMS for name in SERVICES[program]["environment"]}

    assert given - known == set()


def test_programs_run_as_a_user_that_is_known_by_number_not_to_be_root() -> None:
    final_stage = DOCKERFILE.split("\nFROM ")[-1]

    assert re.findall(r"^USER (.+)$", final_stage, re.MULTILINE) == ["10001:10001"]
    assert all("user" not in SERVICES[name] for name in PROGRAMS)


def test_one_service_builds_the_image_and_the_others_wait_for_it() -> None:
    builders = [name for name in PROGRAMS if "build" in SERVICES[name]]

    assert builders == ["topics"]
    assert {SERVICES[name]["pull_policy"] for name in PROGRAMS} == {"never"}
    for name in set(PROGRAMS) - set(builders):
        assert SERVICES[name]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}


def test_consumer_can_be_scaled() -> None:
    assert not {"container_name", "ports", "hostname"} & SERVICES["consumer"].keys()


def test_base_images_are_pinned_and_nothing_comes_from_a_foreign_one() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - stages
    sources = set(re.findall(r"(?:--from=|,from=)([^\s,]+)", DOCKERFILE))

    assert bases
    assert all(PINNED.fullmatch(base) for base in bases)
    assert sources <= stages


def test_model_is_trained_from_just_the_code_that_training_imports() -> None:
    (stage,) = re.findall(r"^FROM \S+ AS model\n(.*?)^FROM ", DOCKERFILE, re.MULTILINE | re.DOTALL)
    copied: set[Path] = set()
    for sources in re.findall(r"^COPY (.+) \S+$", stage, re.MULTILINE):
        for source in map(ROOT.joinpath, sources.split()):
            copied |= set(source.rglob("*.py")) if source.is_dir() else {source}
    graph = grimp.build_graph("consumer", "shared", cache_dir=None)
    needed = {"consumer.commands.train", *graph.find_upstream_modules("consumer.commands.train")}
    files = {ROOT / f"{module.replace('.', '/')}.py" for module in needed}

    assert files <= copied | {path.parent.with_suffix(".py") for path in copied if path.name == "__init__.py"}


def test_prometheus_scrapes_every_consumer_where_it_serves() -> None:
    jobs = {job["job_name"]: job for job in prometheus_config()["scrape_configs"]}
    (found,) = jobs["consumer"]["dns_sd_configs"]

    assert found["names"] == ["consumer"]
    assert found["port"] == SERVICES["consumer"]["environment"]["REVIEWS_METRICS_PORT"]
    assert SERVICES["consumer"]["expose"] == [str(found["port"])]
    assert f":{found['port']}/readyz" in SERVICES["consumer"]["healthcheck"]["test"][-1]


def test_prometheus_is_given_its_rules() -> None:
    folder = mounts("prometheus")["/etc/prometheus"]

    assert all((folder / rules).is_file() for rules in prometheus_config()["rule_files"])


def test_grafana_is_given_the_prometheus_of_this_file() -> None:
    folder = mounts("grafana")["/etc/grafana/provisioning/datasources"]
    (source,) = yaml.decode((folder / "prometheus.yml").read_bytes())["datasources"]

    assert source["url"] == "http://prometheus:9090"
    assert source["jsonData"]["timeInterval"] == prometheus_config()["global"]["scrape_interval"]


def test_grafana_finds_the_dashboards_where_they_are_mounted() -> None:
    seen = mounts("grafana")
    folder = seen["/etc/grafana/provisioning/dashboards"]
    (provider,) = yaml.decode((folder / "reviewstream.yml").read_bytes())["providers"]
    home = Path(SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert list(seen[provider["options"]["path"]].glob("*.json"))
    assert (seen[str(home.parent)] / home.name).is_file()


def test_every_variable_is_listed_at_the_top_with_its_default() -> None:
    listed = dict(re.findall(r"^# (REVIEWS_\w+) .*?  (\S+)$", TEXT, re.MULTILINE))

    assert listed == dict(VARIABLE.findall(TEXT))
