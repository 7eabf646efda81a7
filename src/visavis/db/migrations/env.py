"""Alembic's entry point; `visavis.db.migrate` hands it an open connection inside a transaction."""

from alembic import context

from visavis.db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
