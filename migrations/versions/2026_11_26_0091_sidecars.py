"""Let a reading name the sidecars that were read with it, and all readers that decide it."""

from alembic import op

revision = "sidecars"
down_revision = "image_data"
branch_labels = None
depends_on = None

# Defaults that are constants rewrite no table: the lock lasts a moment, however many rows.
UP = """
ALTER TABLE readings ADD COLUMN sidecars jsonb NOT NULL DEFAULT '[]', ADD COLUMN readers jsonb NOT NULL DEFAULT '{}';
GRANT INSERT (sidecars, readers) ON readings TO catalogue_worker;
"""
DOWN = """
ALTER TABLE readings DROP COLUMN sidecars, DROP COLUMN readers;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
