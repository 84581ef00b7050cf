"""Count tries by what was tried, and let workers take off the queue what needs no people."""

from alembic import op

revision = "tries"
down_revision = "judged_facts"
branch_labels = None
depends_on = None

# No row is written anew: the column has no default, and the table holds images in trouble only.
UP = """
ALTER TABLE hindrances ADD COLUMN about text;
GRANT INSERT (set_aside_id, reason, released_by, event_id) ON set_aside_releases TO catalogue_worker;
"""
DOWN = """
REVOKE INSERT (set_aside_id, reason, released_by, event_id) ON set_aside_releases
  FROM catalogue_worker;
ALTER TABLE hindrances DROP COLUMN about;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
