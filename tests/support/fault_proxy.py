"""A TCP proxy in front of one broker that can be told to misbehave.

Clients reach it because the broker advertises the proxy's port on a listener made for that
(`Listener.advertised_ports`): so all their traffic passes here, and no answer of the broker needs to be rewritten.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

from shared.dev_broker.ports import HOST, free_ports
from tests.support.kafka_frames import AnswerFilter, read_frame

Answer = TypeVar("Answer")

CALL_S_MAX = 30.0
CHUNK_BYTES = 16 * 1024
# Frames on their way in one direction of one connection: bounds memory, and lets latency not cost throughput.
FRAMES_MAX = 1000
# With this, closing a socket sends RST instead of FIN.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class FaultProxy:
    """Forwards Kafka's frames to one broker, in an event loop of its own thread; faults hold until `heal`."""

    def __init__(self) -> None:
        (self.port,) = free_ports(1)
        self._target = ("", 0)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._links: set[_Link] = set()
        self._latency_s = 0.0
        self._bytes_per_s: float | None = None
        self._flowing = asyncio.Event()
        self._swallow_key: int | None = None
        self._swallowed = threading.Event()

    def __enter__(self) -> Self:
        self._thread.start()
        self._flowing.set()
        self._do(self._listen())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CALL_S_MAX)
        self._loop.close()

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"{HOST}:{self.port}"

    def forward_to(self, address: str) -> None:
        """Say which broker stands behind."""
        host, _, port = address.rpartition(":")
        self._target = (host, int(port))

    def connections(self) -> int:
        """Return how many connections are open."""
        return len(self._links)

    def delay(self, seconds: float) -> None:
        """Add so much latency in each direction; throughput stays."""
        self._latency_s = seconds

    def throttle(self, bytes_per_s: float) -> None:
        """Let each connection carry no more than this in each direction."""
        self._bytes_per_s = bytes_per_s

    def cut(self) -> None:
        """Reset (RST) every connection there is."""
        self._do(self._cut())

    def refuse(self) -> None:
        """Refuse new connections; those there are stay."""
        self._do(self._close_listener())

    def freeze(self) -> None:
        """Leave connections open and forward nothing: half-open, as behind a firewall that forgot them."""
        self._call(self._flowing.clear)

    def swallow_answer(self, api_key: int) -> threading.Event:
        """Lose the next answer to requests of this kind and reset its connection; the event tells when."""
        self._swallowed = threading.Event()
        self._swallow_key = api_key
        return self._swallowed

    def heal(self) -> None:
        """End every fault."""
        self._latency_s, self._bytes_per_s, self._swallow_key = 0.0, None, None
        self._call(self._flowing.set)
        self._do(self._listen())

    def _call(self, action: Callable[[], None]) -> None:
        async def act() -> None:
            action()

        self._do(act())

    def _do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(CALL_S_MAX)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)

    async def _close_listener(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _cut(self) -> None:
        for link in list(self._links):
            link.reset()

    async def _end(self) -> None:
        await self._close_listener()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker_reader, broker_writer = await asyncio.open_connection(*self._target)
        except OSError:
            # The broker is away: the client sees what it would see without a proxy.
            _reset(writer)
            return
        answers = AnswerFilter(lambda: self._swallow_key)
        link = _Link(writer, broker_writer)
        self._links.add(link)
        tasks = [
            *self._carry(reader, broker_writer, answers.passes_request),
            *self._carry(broker_reader, writer, answers.passes_answer),
        ]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        except _AnswerSwallowed:
            self._swallow_key = None
            self._swallowed.set()
        except (OSError, asyncio.IncompleteReadError):
            # One side has gone: so goes the other.
            pass
        finally:
            self._links.discard(link)
            link.reset()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passes: Callable[[bytes], bool]
    ) -> list[asyncio.Task[None]]:
        due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(FRAMES_MAX)
        return [asyncio.create_task(self._take(reader, due, passes)), asyncio.create_task(self._send(due, writer))]

    async def _take(
        self,
        reader: asyncio.StreamReader,
        due: "asyncio.Queue[tuple[float, bytes]]",
        passes: Callable[[bytes], bool],
    ) -> None:
        while True:
            frame = await read_frame(reader)
            if not passes(frame):
                raise _AnswerSwallowed
            await due.put((self._loop.time() + self._latency_s, frame))

    async def _send(self, due: "asyncio.Queue[tuple[float, bytes]]", writer: asyncio.StreamWriter) -> None:
        while True:
            at, frame = await due.get()
            await asyncio.sleep(max(0.0, at - self._loop.time()))
            for start in range(0, len(frame), CHUNK_BYTES):
                chunk = frame[start : start + CHUNK_BYTES]
                if self._bytes_per_s is not None:
                    await asyncio.sleep(len(chunk) / self._bytes_per_s)
                await self._flowing.wait()
                writer.write(chunk)
                await writer.drain()


class _AnswerSwallowed(Exception):  # noqa: N818 - it is what was asked for
    """The answer that was to be lost has come."""


class _Link:
    """The two sockets of one connection."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers

    def reset(self) -> None:
        for writer in self._writers:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        # Closed sockets have no options any more.
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
