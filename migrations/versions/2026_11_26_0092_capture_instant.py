"""Let a record say at what instant of the world's time a picture was taken."""

from alembic import op

revision = "capture_instant"
down_revision = "sidecars"
branch_labels = None
depends_on = None

# A default that is a constant rewrites no table: the lock lasts a moment, however many rows.
UP = "ALTER TABLE provenance_versions ADD COLUMN capture_instant_answer smallint NOT NULL DEFAULT 0"
DOWN = "ALTER TABLE provenance_versions DROP COLUMN capture_instant_answer"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
