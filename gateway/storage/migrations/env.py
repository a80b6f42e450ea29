"""Alembic's entry: the connection comes from `gateway.storage.migrate`, already inside its transaction."""

from alembic import context

from gateway.storage.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
