"""The ways to run the consumer that every fault is tried under."""

DELIVERIES = ("at-least-once", "exactly-once")
PROTOCOLS = ("classic", "consumer")
