"""Let a reading keep what its readers said on standard error."""

from alembic import op

revision = "noise"
down_revision = "likeness_stage"
branch_labels = None
depends_on = None

# A default that is a constant rewrites no table: the lock lasts a moment, however many rows.
UP = """
ALTER TABLE readings ADD COLUMN noise jsonb NOT NULL DEFAULT '{}';
GRANT INSERT (noise) ON readings TO catalogue_worker;
"""
DOWN = """
ALTER TABLE readings DROP COLUMN noise;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
