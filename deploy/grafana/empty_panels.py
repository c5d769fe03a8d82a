"""Which panels stay empty where something is off, and what that is: shown in the empty panel, switched on by tests."""

EMPTY_WITHOUT = {
    "How transactions end": "run --delivery exactly-once",
    "Time to commit": "run --delivery exactly-once",
    "Agreement with ratings": "reviews that carry a rating",
    "Time left": "a topic with a retention time",
    "Shadow disagreement": "run --shadow-model",
    "Shadow model": "run --shadow-model",
    "Workers that run": "run --workers",
    "Worker starts": "run --workers",
    "Worker exits": "run --workers",
}
