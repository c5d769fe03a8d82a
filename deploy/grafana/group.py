"""The board of the group: lag by partition, members, what the Kafka clients say, retention, workers."""

from grafana_foundation_sdk.builders import dashboard

from deploy.grafana.panels import Panel, Query, Stacking, chart
from deploy.grafana.queries import chosen, of_jobs, rate, rise
from deploy.grafana.variables import choice

TOPIC = 'topic=~"$topic"'
LAG_RECORDS = chosen("reviews_lag_records", TOPIC)
LAG_SECONDS = chosen("reviews_lag_seconds", TOPIC)
OLDEST_SECONDS = of_jobs("job_topic:reviews_lag_seconds:max", TOPIC)
DRAIN_SECONDS = of_jobs("job_topic:reviews_lag_records:drain_seconds", TOPIC)
RETENTION_SECONDS = chosen("reviews_topic_retention_seconds", TOPIC)


def topic_choice() -> dashboard.QueryVariable:
    """Return the choice of the topics that are read."""
    return choice("topic", "Topic", of_jobs("reviews_lag_records"), "topic")


def rows() -> dict[str, list[Panel]]:
    """Return the panels of each row, by its title, from top to bottom."""
    return {
        "Lag": lag(),
        "Members": members(),
        "Kafka clients": kafka_clients(),
        "Retention": retention(),
        "Workers": workers(),
    }


def lag() -> list[Panel]:
    """Return the row that tells whether it keeps up."""
    return [
        chart(
            "Lag in records",
            "Records that wait in each partition: after the last one whose label was acknowledged.",
            "short",
            Query(f"max by (topic, partition) ({LAG_RECORDS})", "{{topic}}/{{partition}}"),
            width=12,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Lag in seconds",
            "Age of the oldest record that waits in each partition; one alone: a hot key or a stuck consumer.",
            "s",
            Query(f"max by (topic, partition) ({LAG_SECONDS})", "{{topic}}/{{partition}}"),
            width=12,
        ),
        chart(
            "In against out",
            "Records a second: taken from the topic, labelled, dead-lettered. In = labelled + dead-lettered.",
            "cps",
            Query(rate("reviews_consumed_total"), "in"),
            Query(rate("reviews_labelled_total"), "labelled"),
            Query(rate("reviews_dead_lettered_total"), "dead-lettered"),
            width=8,
        ),
        chart(
            "In by consumer",
            "Records a second that each consumer takes: unlike for long, keys or partitions are spread unevenly.",
            "cps",
            Query(rate("reviews_consumed_total", "instance"), "{{instance}}"),
            width=8,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Time to drain",
            "How long until nothing waits, at the speed the backlog shrinks; 0 where nothing is older than a second. "
            "No line: it grows.",
            "s",
            Query(
                f"{DRAIN_SECONDS} and on (job, topic) ({OLDEST_SECONDS} > 1)"
                f" or on (job, topic) 0 * ({OLDEST_SECONDS} <= 1)",
                "{{topic}}",
            ),
            width=8,
        ),
    ]


def members() -> list[Panel]:
    """Return the row that tells whether every partition has a reader, and how steady that is."""
    return [
        chart(
            "Partitions with a reader",
            "Partitions assigned to the consumers chosen, and those the topic has. Fewer assigned: records wait.",
            "short",
            Query(f"sum({chosen('reviews_assigned_partitions')})", "assigned"),
            Query(f"sum(max by (topic) ({chosen('reviews_topic_partitions', TOPIC)}))", "there are"),
            width=6,
        ),
        chart(
            "Partitions by consumer",
            "Partitions that each consumer holds. More consumers than partitions: some hold none.",
            "short",
            Query(chosen("reviews_assigned_partitions"), "{{instance}}"),
            width=6,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Rebalances and rewinds",
            "Times partitions were assigned, revoked or lost (the group gave the consumer up), or work redone.",
            "short",
            Query(rise("reviews_rebalances_total", "kind"), "{{kind}}"),
            Query(rise("reviews_rewinds_total"), "rewound"),
            width=6,
        ),
        chart(
            "Since the last one",
            "Time since a review was scored and an offset committed. Long while records wait: stalled.",
            "s",
            Query(f"time() - (max({chosen('reviews_last_scored_timestamp_seconds')}) > 0)", "scored"),
            Query(f"time() - (max({chosen('reviews_last_commit_timestamp_seconds')}) > 0)", "committed"),
            width=6,
        ),
    ]


def kafka_clients() -> list[Panel]:
    """Return the row that tells how the clients get on with the broker; each client says so every few seconds."""
    worst = "max by (client, instance) ({})".format
    return [
        chart(
            "Round trip to the broker",
            "Mean time of a request, to the slowest broker. Rising alone, without more load: network or broker.",
            "s",
            Query(worst(chosen("reviews_kafka_broker_rtt_seconds")), "{{client}}, {{instance}}"),
            width=6,
        ),
        chart(
            "Records in the clients' queues",
            "Consumer: fetched and not read yet. Producer: not acknowledged yet; always rising: the broker is slow.",
            "short",
            Query(worst(chosen("reviews_kafka_queue_records")), "{{client}}, {{instance}}"),
            width=6,
        ),
        chart(
            "Throttled by the broker",
            "Mean time the broker makes a client wait. Above 0: a quota is reached.",
            "s",
            Query(worst(chosen("reviews_kafka_throttle_seconds")), "{{client}}, {{instance}}"),
            width=6,
        ),
        chart(
            "Requests that failed",
            "Requests not sent or not answered in time. A few when a broker restarts are usual.",
            "short",
            Query(rise("reviews_kafka_request_errors_total", "client"), "{{client}}"),
            width=6,
        ),
    ]


def retention() -> list[Panel]:
    """Return the row that tells whether records may be removed before they are read."""
    oldest, kept = f"max by (topic) ({LAG_SECONDS})", f"(max by (topic) ({RETENTION_SECONDS}) < Inf)"
    return [
        chart(
            "Retention used",
            "Age of the oldest record that waits, as a share of how long the topic keeps records. At 1 they are lost.",
            "percentunit",
            Query(of_jobs("job_topic:reviews_lag_seconds:retention_ratio", TOPIC), "{{topic}}"),
            width=12,
        ),
        chart(
            "Time left",
            "How long until the oldest record that waits is removed from the topic.",
            "s",
            Query(f"{kept} - {oldest}", "{{topic}}"),
            width=12,
        ),
    ]


def workers() -> list[Panel]:
    """Return the row that tells how the workers of one command fare; their parent exports it."""
    return [
        chart(
            "Workers that run",
            "Workers of `run --workers` that are up, one line each. 0: it is being started again, or was given up.",
            "short",
            Query(f"sum by (worker) ({of_jobs('reviews_worker_up')})", "worker {{worker}}"),
            width=8,
            stacking=Stacking.ON_TOP,
        ),
        chart(
            "Worker starts",
            "Starts of each worker since its parent started. More than one: it failed, see its log.",
            "short",
            Query(f"sum by (worker) ({of_jobs('reviews_worker_starts_total')})", "worker {{worker}}"),
            width=8,
        ),
        chart(
            "Worker exits",
            "Ends of workers by outcome, from one point to the next. Fenced: another process took its instance name.",
            "short",
            Query(
                f"sum by (outcome) (increase({of_jobs('reviews_worker_exits_total')}[$__rate_interval]))", "{{outcome}}"
            ),
            width=8,
        ),
    ]
