"""Answers in the making: whoever asks the same thing meanwhile is told the same answer.

A class that clicks the same suggested question costs one answer. The making belongs to nobody in
particular: it goes on while anybody follows it, and stops when the last one leaves.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable
from contextlib import aclosing
from dataclasses import dataclass, field

import metering
from chains.feed import Feed
from chains.state import Asked
from schema import Answer, AnswerChunk

Make = Callable[[Asked], AsyncGenerator[AnswerChunk]]


@dataclass
class Flight:
    """An answer in the making; ``maker`` is the question that it was begun for."""

    maker: Asked
    place: Hashable = None
    feed: Feed[AnswerChunk] = field(default_factory=Feed)
    task: asyncio.Task[None] | None = None


class Flights:
    """Begins answers with ``make`` and lets others follow them."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._flights: dict[Hashable, Flight] = {}

    @property
    def followers(self) -> int:
        """Readers of all answers in the making."""
        return sum(flight.feed.followers for flight in self._flights.values())

    def join(self, asked: Asked) -> Flight:
        """The answer that is being made for the question's key, or a new one.

        A question without a key gets one that nobody can join, made where it is followed.
        """
        if asked.key is None:
            return Flight(asked)
        # An event loop's futures are of no use in another; notebooks have two.
        place = (asyncio.get_running_loop(), asked.key)
        flight = self._flights.get(place)
        if flight is None:
            flight = self._flights[place] = Flight(asked, place)
            flight.task = asyncio.create_task(self._fly(flight))
        else:
            metering.count("joined")
        return flight

    def landed(self, asked: Asked, cached: Answer) -> Flight:
        """An answer that was made before."""
        metering.count("cache_hit")
        flight = Flight(asked)
        flight.feed.add(asked.answered_before(cached))
        flight.feed.end()
        return flight

    async def follow(self, flight: Flight) -> AsyncGenerator[AnswerChunk]:
        """Its parts from the beginning. Raises what making it raised."""
        alone = flight.task is None and not flight.feed.ended
        try:
            async with aclosing(
                self._make(flight.maker) if alone else flight.feed.follow()
            ) as parts:
                async for part in parts:
                    yield part
        finally:
            if flight.task and not flight.feed.ended and not flight.feed.followers:
                self._land(flight)  # nobody may join it any more
                flight.task.cancel()
                await asyncio.gather(flight.task, return_exceptions=True)

    async def _fly(self, flight: Flight) -> None:
        error: BaseException | None = None
        try:
            async with aclosing(self._make(flight.maker)) as parts:
                async for part in parts:
                    flight.feed.add(part)
        except BaseException as raised:
            error = raised
            if isinstance(raised, asyncio.CancelledError):
                raise
        finally:
            self._land(flight)
            flight.feed.end(error)

    def _land(self, flight: Flight) -> None:
        if self._flights.get(flight.place) is flight:
            del self._flights[flight.place]
