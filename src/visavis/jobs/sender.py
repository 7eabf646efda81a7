"""One attempt at one webhook: signed, guarded, bounded in time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
from standardwebhooks import Webhook

from visavis import __version__
from visavis.outbound import OutboundRefused, client_from_settings
from visavis.settings import Settings


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt. `final` means that no other attempt can change it."""

    ok: bool
    final: bool
    status: int | None = None
    error: str | None = None


class Sender:
    """Posts payloads to receivers. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._timeout = settings.webhook_timeout
        self._client = client_from_settings(settings, timeout=settings.webhook_timeout, max_redirects=0)

    async def send(self, *, event_id: str, url: str, payload: str, secret: str) -> Outcome:
        """Never raises for what a receiver does: the outcome says it."""
        moment = datetime.now(UTC)
        headers = {
            "content-type": "application/json",
            "user-agent": f"visavis/{__version__}",
            # https://www.standardwebhooks.com: id and time are part of what is signed.
            "webhook-id": event_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret).sign(event_id, moment, payload),
        }
        try:
            async with asyncio.timeout(self._timeout):
                request = self._client.build_request("POST", url, content=payload.encode(), headers=headers)
                response = await self._client.send(request, stream=True)
                await response.aclose()
        except OutboundRefused as error:
            return Outcome(ok=False, final=True, error=str(error))
        except (TimeoutError, httpx.TimeoutException):
            return Outcome(ok=False, final=False, error=f"The receiver did not answer in {self._timeout:g} seconds.")
        except httpx.InvalidURL:
            return Outcome(ok=False, final=True, error="The address is not a valid URL.")
        except (httpx.HTTPError, OSError) as error:
            return Outcome(ok=False, final=False, error=str(error) or type(error).__name__)
        return _judge(response.status_code)

    async def close(self) -> None:
        await self._client.aclose()


def _judge(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(ok=True, final=True, status=status)
    if 300 <= status < 400:
        return Outcome(ok=False, final=True, status=status, error=f"Answered {status}; redirects are not followed.")
    # A receiver that says "not now" may mean "later"; one that says "no" means it.
    again = status >= 500 or status in (408, 425, 429)
    return Outcome(ok=False, final=not again, status=status, error=f"Answered {status}.")
