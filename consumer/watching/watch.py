"""Looks at running consumers again and again: reads every address at once, and keeps each one's page before."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from consumer.watching.addresses import Address
from consumer.watching.asking import Asking
from consumer.watching.change import Change, change_between
from consumer.watching.metric_names import Name
from consumer.watching.pages import listed_addresses
from consumer.watching.sample import Sample, read_sample
from shared.clock import Clock
from shared.errors import RetriableError

ADDRESSES_MAX = 32
# All addresses together; those that take longer are shown as down.
LOOK_S_MAX = 4.0

Fetch = Callable[[Address], str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one address: what changed there, or why nothing can be said."""

    address: Address
    change: Change | None
    reason: str


class Watch:
    """The addresses that were named, and those that they list: a parent's workers come and go."""

    def __init__(
        self, addresses: Iterable[Address], fetch: Fetch, clock: Clock, look_s_max: float = LOOK_S_MAX
    ) -> None:
        self._named = tuple(dict.fromkeys(addresses))
        self._fetch = fetch
        self._clock = clock
        self._look_s_max = look_s_max
        self._parents: dict[Address, None] = {}
        self._listed: dict[Address, list[Address]] = {}
        self._pages: dict[Address, Asking[Sample]] = {}
        self._lists: dict[Address, Asking[list[Address]]] = {}
        self._before: dict[Address, Sample] = {}

    def look(self) -> list[Reading]:
        """Read every address now; one that does not answer is among them with the reason."""
        deadline_s = self._clock.monotonic() + self._look_s_max
        directories = [address for address in self._named if address.is_directory]
        refused = self._list([*directories, *self._parents], deadline_s)
        found = self._read(self._addresses(), deadline_s)
        parents = [one.address for one in found if _is_parent(one) and one.address.directory() not in self._parents]
        if parents:
            # Seen for the first time: whom it lists is read at once.
            self._parents |= dict.fromkeys(address.directory() for address in parents)
            self._list(self._parents, deadline_s)
            read = {one.address for one in found}
            found += self._read([address for address in self._addresses() if address not in read], deadline_s)
        self._forget({one.address for one in found})
        return [one for one in refused if one.address in directories] + found

    def _addresses(self) -> list[Address]:
        named = [address for address in self._named if not address.is_directory]
        listed = [address for addresses in self._listed.values() for address in addresses]
        return [*dict.fromkeys([*named, *listed])][:ADDRESSES_MAX]

    def _list(self, directories: Iterable[Address], deadline_s: float) -> list[Reading]:
        asked = list(directories)
        for address in asked:
            self._lists.setdefault(address, Asking(partial(self._directory, address)))
            self._lists[address].start()
        refused = []
        for address in asked:
            try:
                self._listed[address] = self._lists[address].answer(deadline_s - self._clock.monotonic())
            except RetriableError as error:
                # Whom it listed before is still looked at.
                refused.append(Reading(address, None, str(error)))
        return refused

    def _read(self, addresses: Sequence[Address], deadline_s: float) -> list[Reading]:
        for address in addresses:
            self._pages.setdefault(address, Asking(partial(self._sample, address))).start()
        return [self._reading(address, deadline_s - self._clock.monotonic()) for address in addresses]

    def _directory(self, address: Address) -> list[Address]:
        return listed_addresses(self._fetch(address))

    def _sample(self, address: Address) -> Sample:
        page = self._fetch(address)
        return read_sample(page, self._clock.monotonic())

    def _reading(self, address: Address, wait_s: float) -> Reading:
        try:
            later = self._pages[address].answer(wait_s)
        except RetriableError as error:
            return Reading(address, None, str(error))
        change = change_between(self._before.get(address), later)
        self._before[address] = later
        return Reading(address, change, "")

    def _forget(self, all_but: set[Address]) -> None:
        for address in self._pages.keys() - all_but:
            del self._pages[address]
            self._before.pop(address, None)


def _is_parent(reading: Reading) -> bool:
    return reading.change is not None and Name.WORKER_UP in reading.change.later.series
