"""Lists in pages: `limit` and `page` in, `{"data": […], "total_count": n}` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.api.kit.errors import Invalid

T = TypeVar("T")

MAX_LIMIT = 1000
# Far beyond any real list, and small enough for every database's OFFSET.
_MAX_PAGE = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    limit: int
    offset: int


def _whole(name: str, text: str) -> int:
    digits = text.strip()
    if not digits.isascii() or not digits.isdigit() or len(digits) > 18:
        raise Invalid(f"{name} must be a whole number of 0 or more, not {text[:40]!r}.")
    return int(digits)


def page_from_query(
    limit: Annotated[str, Query(description=f"Entries per page; more than {MAX_LIMIT} count as {MAX_LIMIT}.")] = "10",
    page: Annotated[str, Query(description="Page number; 0 and 1 are both the first page.")] = "1",
) -> Page:
    """FastAPI dependency. Clients disagree whether lists start at 0 or 1, so both mean the first page."""
    size = _whole("limit", limit)
    if size == 0:
        raise Invalid("limit must be at least 1.")
    size = min(size, MAX_LIMIT)
    return Page(size, (min(max(_whole("page", page), 1), _MAX_PAGE) - 1) * size)


PageQuery = Annotated[Page, Depends(page_from_query)]


async def fetch(session: AsyncSession, query: Select[T], page: Page) -> tuple[Sequence[T], int]:
    """One page of an ordered query, and how many rows it has in all."""
    total = await session.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    rows = await session.scalars(query.limit(page.limit).offset(page.offset))
    return rows.all(), total or 0


def listing(data: list[dict[str, Any]], total: int) -> dict[str, Any]:
    return {"data": data, "total_count": total}


def like(text: str) -> str:
    """A LIKE pattern (escape character `\\`) that finds `text` anywhere, word by word in order."""
    escaped = text.strip().lower().replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_")
    return "%" + "%".join(escaped.split()) + "%"
