"""Let a version say how the policy of its day weighed its statements."""

from alembic import op

revision = "weighed_by"
down_revision = "noise"
branch_labels = None
depends_on = None

# A default that is a constant rewrites no table: the lock lasts a moment, however many rows. Empty
# is what held before it was kept: records managers confirm, moments agree within two seconds.
UP = "ALTER TABLE provenance_versions ADD COLUMN weighed_by jsonb NOT NULL DEFAULT '{}'"
DOWN = "ALTER TABLE provenance_versions DROP COLUMN weighed_by"


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
