"""Compare what others say that bytes hash to with what they hash to, once they were read."""

from alembic import op

revision = "claims"
down_revision = "uploads"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE claim_checks (
  asset_id uuid NOT NULL,
  fingerprint_id uuid NOT NULL,
  source text NOT NULL CONSTRAINT ck_claim_checks_source CHECK (source IN ('registration', 'upload')),
  algorithm text NOT NULL,
  claimed text NOT NULL,
  computed text,
  outcome text NOT NULL GENERATED ALWAYS AS (
    CASE WHEN computed IS NULL THEN 'unchecked' WHEN computed = claimed THEN 'matches' ELSE 'differs' END
  ) STORED,
  event_id uuid NOT NULL,
  CONSTRAINT pk_claim_checks PRIMARY KEY (fingerprint_id, source, algorithm, claimed),
  CONSTRAINT fk_claim_checks_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_claim_checks_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_claim_checks_differs ON claim_checks (fingerprint_id) WHERE outcome = 'differs';
CREATE TRIGGER claim_checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON claim_checks
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE claim_checks ENABLE ALWAYS TRIGGER claim_checks_append_only;

GRANT SELECT ON claim_checks TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (asset_id, fingerprint_id, source, algorithm, claimed, computed, event_id) ON claim_checks
  TO catalogue_worker;
"""
DOWN = """
DROP TABLE claim_checks;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
