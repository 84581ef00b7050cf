"""Let a pair be judged anew, dismissed and remembered, and a repeated frame be told as a fault."""

from alembic import op

revision = "likeness_stage"
down_revision = "pixel_digests"
branch_labels = None
depends_on = None

UP = """
-- One row for each judgement of a pair: by standard, by measurement, and by the facts of a day.
ALTER TABLE likenesses
  ADD COLUMN revision integer NOT NULL DEFAULT 1 CONSTRAINT ck_likenesses_revision CHECK (revision > 0),
  DROP CONSTRAINT uq_likenesses_pair,
  ADD CONSTRAINT uq_likenesses_pair UNIQUE NULLS NOT DISTINCT
    (a_fingerprint_id, b_fingerprint_id, standard_id, measurement_id, revision);
GRANT INSERT (revision) ON likenesses TO catalogue_worker;

CREATE TABLE dismissed_pairs (
  id uuid NOT NULL DEFAULT uuidv7(),
  a_sha256 bytea NOT NULL CONSTRAINT ck_dismissed_pairs_a_sha256 CHECK (length(a_sha256) = 32),
  b_sha256 bytea NOT NULL CONSTRAINT ck_dismissed_pairs_b_sha256 CHECK (length(b_sha256) = 32),
  department text NOT NULL,
  class text NOT NULL,
  copy text NOT NULL CONSTRAINT ck_dismissed_pairs_copy CHECK (copy IN ('a', 'b', 'neither')),
  method integer NOT NULL,
  likeness_id uuid NOT NULL,
  reason text NOT NULL,
  dismissed_by text NOT NULL,
  dismissed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_dismissed_pairs PRIMARY KEY (id),
  CONSTRAINT uq_dismissed_pairs_evidence UNIQUE (a_sha256, b_sha256, department, class, copy, method),
  CONSTRAINT ck_dismissed_pairs_order CHECK (a_sha256 < b_sha256),
  CONSTRAINT fk_dismissed_pairs_department FOREIGN KEY (department) REFERENCES departments (code),
  CONSTRAINT fk_dismissed_pairs_likeness_id FOREIGN KEY (likeness_id) REFERENCES likenesses (id),
  CONSTRAINT fk_dismissed_pairs_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER dismissed_pairs_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dismissed_pairs
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE dismissed_pairs ENABLE ALWAYS TRIGGER dismissed_pairs_append_only;

CREATE TABLE repetitions (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  fingerprint_id uuid NOT NULL,
  standard_id uuid NOT NULL,
  sequence text NOT NULL CONSTRAINT ck_repetitions_sequence CHECK (sequence IN ('running_number', 'container')),
  identical integer NOT NULL CONSTRAINT ck_repetitions_identical CHECK (identical > 1),
  evidence jsonb NOT NULL,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_repetitions PRIMARY KEY (id),
  CONSTRAINT uq_repetitions_asset_id_fingerprint_id UNIQUE (asset_id, fingerprint_id),
  CONSTRAINT fk_repetitions_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_repetitions_standard_id FOREIGN KEY (standard_id) REFERENCES policy_versions (id),
  CONSTRAINT fk_repetitions_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER repetitions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repetitions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE repetitions ENABLE ALWAYS TRIGGER repetitions_append_only;

GRANT SELECT ON dismissed_pairs, repetitions TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (a_sha256, b_sha256, department, class, copy, method, likeness_id, reason, dismissed_by, event_id)
  ON dismissed_pairs TO catalogue_api;
GRANT INSERT (asset_id, fingerprint_id, standard_id, sequence, identical, evidence, event_id)
  ON repetitions TO catalogue_worker;
"""
DOWN = """
DROP TABLE repetitions;
DROP TABLE dismissed_pairs;
ALTER TABLE likenesses DROP CONSTRAINT uq_likenesses_pair, DROP COLUMN revision,
  ADD CONSTRAINT uq_likenesses_pair UNIQUE (a_fingerprint_id, b_fingerprint_id, standard_id, class);
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
