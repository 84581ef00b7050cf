"""Refuse a decoded look that has no size, frames or turn."""

from alembic import op

revision = "looked_in_full"
down_revision = "weighed_by"
branch_labels = None
depends_on = None

# A comparison with NULL is neither true nor false, and a check lets pass what is not false.
REPLACED = """
ALTER TABLE visual_fingerprints DROP CONSTRAINT ck_visual_fingerprints_decoded,
  ADD CONSTRAINT ck_visual_fingerprints_decoded CHECK (CASE outcome WHEN 'decoded'
    THEN {known} AND alpha IS NOT NULL AND colour IS NOT NULL AND phash IS NOT NULL AND dhash IS NOT NULL
      AND pdq IS NOT NULL AND pdq_quality IS NOT NULL AND turned_phash IS NOT NULL AND turned_pdq IS NOT NULL
    ELSE phash IS NULL AND dhash IS NULL AND pdq IS NULL AND pixels_sha256 IS NULL AND words IS NULL END)
"""
KNOWN = "width > 0 AND height > 0 AND frames > 0 AND orientation BETWEEN 1 AND 8"
COUNTED = "auxiliary >= 0"  # or not known, as of most formats


def upgrade() -> None:
    op.execute(REPLACED.format(known=f"({KNOWN}) IS TRUE AND {COUNTED}"))


def downgrade() -> None:
    op.execute(REPLACED.format(known=f"{KNOWN} AND {COUNTED}"))
