"""What the exchange leaves for initial margin, and what each lot was charged for what it borrowed."""

import sqlalchemy as sa
from alembic import op

revision = "b0006"
down_revision = "b0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """From the books before: nobody had borrowed."""
    op.add_column("account", sa.Column("free_margin", TEXT, nullable=True))
    op.add_column("lots", sa.Column("interest", TEXT, nullable=False, server_default="0"))
