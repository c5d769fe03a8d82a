"""Reviews in an object store, read by `batch`: a real S3 interface, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pyarrow as pa
import pytest
from moto.server import ThreadedMotoServer
from pyarrow import parquet

from consumer.bounded.reading.inputs import ReadAs, open_inputs
from consumer.bounded.reading.locations import find_files
from shared.errors import InputError
from tests.support.standard_input import no_standard_input

BUCKET = "reviews"


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An object store with four files; how pyarrow finds it."""
    for name, value in (("ACCESS_KEY_ID", "test"), ("SECRET_ACCESS_KEY", "test"), ("DEFAULT_REGION", "us-east-1")):
        monkeypatch.setenv(f"AWS_{name}", value)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        store = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
        store.create_bucket(Bucket=BUCKET)
        parquet.write_table(pa.table({"text": ["a lovely lamp", "an awful lamp"]}), tmp_path / "a.parquet")
        store.upload_file(str(tmp_path / "a.parquet"), BUCKET, "2026/a.parquet")
        store.put_object(Bucket=BUCKET, Key="2026/b.csv", Body=b"text\nanother lamp\n")
        store.put_object(Bucket=BUCKET, Key="2026/notes.txt", Body=b"no reviews")
        store.put_object(Bucket=BUCKET, Key="2025/c.jsonl", Body=b'{"text": "an old lamp"}\n')
        store.close()
        yield f"scheme=http&endpoint_override={host}:{port}"
    finally:
        server.stop()


def texts(uri: str) -> list[str]:
    inputs = open_inputs([uri], ReadAs(), no_standard_input)
    return [text for one in inputs for chunk in one.read(0) for text in chunk.reviews["text"].to_pylist()]


def test_objects_are_read_by_name_pattern_and_folder(options: str) -> None:
    assert texts(f"s3://{BUCKET}/2026/a.parquet?{options}") == ["a lovely lamp", "an awful lamp"]
    assert texts(f"s3://{BUCKET}/2026/*.csv?{options}") == ["another lamp"]
    assert texts(f"s3://{BUCKET}/2026?{options}") == ["a lovely lamp", "an awful lamp", "another lamp"]
    assert texts(f"s3://{BUCKET}/**/*.jsonl?{options}") == ["an old lamp"]


def test_an_object_that_is_not_there_is_named(options: str) -> None:
    for name in ("2026/none.csv", "2024", "2026/*.none"):
        with pytest.raises(InputError, match=r"none|2024"):
            find_files(f"s3://{BUCKET}/{name}?{options}")
