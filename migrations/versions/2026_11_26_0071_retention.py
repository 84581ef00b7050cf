"""Keep the last day that each trigger date of a record can mean, for periods to be counted from."""

from alembic import op

revision = "retention"
down_revision = "publishing"
branch_labels = None
depends_on = None

# A constant default, so no row is written. Versions from before say nothing of it, which means
# "not elapsed"; the next version of their record does.
UP = """
ALTER TABLE provenance_versions ADD COLUMN latest_days jsonb NOT NULL DEFAULT '{}';
"""
DOWN = """
ALTER TABLE provenance_versions DROP COLUMN latest_days;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
