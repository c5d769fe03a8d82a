"""How a broker's Java is started."""

from pathlib import Path

from shared.dev_broker.java_commands import JavaCommands, Life

PROPERTIES = Path("node.properties")
SIMPLE_COMPILER = "-XX:TieredStopAtLevel=1"


def test_a_short_life_is_not_spent_on_compiling_and_a_long_one_is_compiled_as_in_production() -> None:
    short, long = (JavaCommands("java", Path("jars"), life).run_broker(PROPERTIES) for life in (Life.SHORT, Life.LONG))
    assert SIMPLE_COMPILER in short
    assert SIMPLE_COMPILER not in long
    assert [command[-2:] for command in (short, long)] == [["kafka.Kafka", str(PROPERTIES)]] * 2


def test_a_cluster_id_that_begins_with_a_minus_is_not_taken_for_an_option() -> None:
    command = JavaCommands("java", Path("jars")).format_data("-8vKTGRESUKo1", PROPERTIES)
    assert "-8vKTGRESUKo1" not in command
    assert "--cluster-id=-8vKTGRESUKo1" in command
