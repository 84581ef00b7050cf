"""Let a source system's root be a prefix of a bucket."""

from alembic import op

revision = "objects"
down_revision = "idempotency"
branch_labels = None
depends_on = None

FILES = "root ~ '^file:///'"
# The name that the service allows too: `s3://a/` beside `s3://A/` would be two roots of one bucket.
BUCKETS = "root ~ '^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/'"


def upgrade() -> None:
    # The trigger source_systems_roots_apart compares text: it holds for these roots as it is.
    put(f"({FILES} OR {BUCKETS}) AND root LIKE '%/'")


def downgrade() -> None:
    put(f"{FILES} AND root LIKE '%/'")


def put(condition: str) -> None:
    op.execute("ALTER TABLE source_systems DROP CONSTRAINT ck_source_systems_root")
    op.execute(
        f"ALTER TABLE source_systems ADD CONSTRAINT ck_source_systems_root CHECK ({condition})"
    )
