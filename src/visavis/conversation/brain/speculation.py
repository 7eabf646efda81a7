"""Asks the model before the person has surely finished."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator

from visavis.engines.ports import ChatDelta, ChatRequest, LanguageModel

_AHEAD = 256
"""Deltas read before anybody wants them; then the server waits."""


def same_words(one: str, other: str) -> bool:
    """True when two texts differ at most in case, punctuation and spacing."""
    return _words(one) == _words(other)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text.casefold().replace("'", "").replace("’", ""))


async def close(iterator: AsyncIterator[ChatDelta]) -> None:
    """Cancel a stream now instead of when it is collected."""
    if isinstance(iterator, AsyncGenerator):
        await iterator.aclose()


class Prepared:
    """A request under way for text that may turn out to be the turn. Its owner reads it once or cancels it."""

    def __init__(self, model: LanguageModel, request: ChatRequest, text: str) -> None:
        self.request = request
        self.text = text
        self._queue: asyncio.Queue[ChatDelta | BaseException | None] = asyncio.Queue(_AHEAD)
        self._task = asyncio.create_task(self._read(model, request))

    async def _read(self, model: LanguageModel, request: ChatRequest) -> None:
        stream = model.stream(request)
        try:
            async for delta in stream:
                await self._queue.put(delta)
            await self._queue.put(None)
        except Exception as error:
            await self._queue.put(error)
        finally:
            await close(stream)

    async def deltas(self) -> AsyncGenerator[ChatDelta, None]:
        """The answer so far and from now on; raises what the model raised."""
        try:
            while (item := await self._queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            await self.cancel()

    async def cancel(self) -> None:
        """Drop the answer and close its request; returns once that is done."""
        self._task.cancel()
        await asyncio.wait({self._task})
