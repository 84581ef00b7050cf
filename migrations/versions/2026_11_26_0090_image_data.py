"""Let a fingerprint say what the image, its rendering and what hangs behind it hash to."""

from alembic import op

revision = "image_data"
down_revision = "search"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE fingerprints
  ADD COLUMN image_sha256 bytea CONSTRAINT ck_fingerprints_image_sha256 CHECK (length(image_sha256) = 32),
  ADD COLUMN rendering_sha256 bytea CONSTRAINT ck_fingerprints_rendering_sha256 CHECK (length(rendering_sha256) = 32),
  ADD COLUMN trailer_sha256 bytea CONSTRAINT ck_fingerprints_trailer_sha256 CHECK (length(trailer_sha256) = 32),
  ADD CONSTRAINT ck_fingerprints_parts CHECK ((image_sha256 IS NULL) = (rendering_sha256 IS NULL)
    AND (trailer_sha256 IS NULL OR image_sha256 IS NOT NULL));
CREATE INDEX ix_fingerprints_image_sha256 ON fingerprints (image_sha256) WHERE image_sha256 IS NOT NULL;
GRANT INSERT (image_sha256, rendering_sha256, trailer_sha256) ON fingerprints TO catalogue_worker;
"""
DOWN = """
DROP INDEX ix_fingerprints_image_sha256;
ALTER TABLE fingerprints DROP COLUMN image_sha256, DROP COLUMN rendering_sha256, DROP COLUMN trailer_sha256;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
