"""Insert, or change what is there, in one statement on either database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from visavis.db.models import Base


async def upsert(
    session: AsyncSession, model: type[Base], values: Mapping[str, Any], *, key: Sequence[str], change: Sequence[str]
) -> bool:
    """Insert `values`; where a row with the same `key` exists, set its `change` columns instead.

    With an empty `change` the existing row stays as it is. Returns whether a row was written.
    """
    dialect = session.get_bind().dialect.name
    insert: Any = (postgresql if dialect == "postgresql" else sqlite).insert(model).values(**values)
    if change:
        insert = insert.on_conflict_do_update(
            index_elements=list(key), set_={name: insert.excluded[name] for name in change}
        )
    else:
        insert = insert.on_conflict_do_nothing(index_elements=list(key))
    # Not `rowcount`, which PostgreSQL's driver leaves open for such statements.
    result = await session.execute(insert.returning(*inspect(model).primary_key))
    return result.first() is not None
