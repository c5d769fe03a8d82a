"""Pages over HTTP, bounded in time and in size; no proxy is asked and no redirection followed."""

from http.client import HTTPConnection, HTTPException, HTTPSConnection

import msgspec

from consumer.watching.addresses import Address, parse_address
from shared.errors import InputError, RetriableError

# Between two bytes; how long the whole may take is up to who waits.
SILENCE_S_MAX = 3.0
PAGE_BYTES_MAX = 8 * 1024 * 1024
OK = 200


class _TargetGroup(msgspec.Struct):
    """One entry of Prometheus' HTTP service discovery."""

    targets: list[str]
    labels: dict[str, str] = {}


def fetch_page(address: Address, silence_s_max: float = SILENCE_S_MAX) -> str:
    """Return what stands at an address; RetriableError, saying why, where nothing can be had of it."""
    connection = (HTTPSConnection if address.scheme == "https" else HTTPConnection)(
        address.host, address.port, timeout=silence_s_max
    )
    try:
        connection.request("GET", address.path, headers={"Accept": "text/plain;version=0.0.4, application/json"})
        answer = connection.getresponse()
        if answer.status != OK:
            raise RetriableError(f"answers {answer.status} {answer.reason}")
        body = answer.read(PAGE_BYTES_MAX + 1)
    except TimeoutError as error:
        raise RetriableError(f"no answer within {silence_s_max:g} s") from error
    except OSError as error:
        raise RetriableError((error.strerror or str(error)).lower()) from error
    except (HTTPException, ValueError) as error:
        raise RetriableError("answers, but not as an HTTP server does") from error
    finally:
        connection.close()
    if len(body) > PAGE_BYTES_MAX:
        raise RetriableError(f"answers with more than {PAGE_BYTES_MAX // 1024 // 1024} MiB")
    return body.decode("utf-8", "replace")


def listed_addresses(text: str) -> list[Address]:
    """Return the addresses that Prometheus' HTTP service discovery lists; RetriableError where it is no such list."""
    try:
        groups = msgspec.json.decode(text, type=list[_TargetGroup])
        return [
            parse_address(
                f"{group.labels.get('__scheme__', 'http')}://{target}{group.labels.get('__metrics_path__', '')}"
            )
            for group in groups
            for target in group.targets
        ]
    except (msgspec.DecodeError, InputError, UnicodeError, RecursionError) as error:
        raise RetriableError("answers, but not with a list of targets") from error
