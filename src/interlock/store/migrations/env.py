"""What Alembic runs to migrate: on the connection that it is given, within the transaction that is already open there."""

from alembic import context

attributes = context.config.attributes
context.configure(connection=attributes["connection"], version_table=attributes["version_table"])
context.run_migrations()
