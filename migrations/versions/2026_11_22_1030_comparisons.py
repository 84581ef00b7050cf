"""Hold direct pairs with their evidence, and that an asset was compared at all."""

from alembic import op

revision = "comparisons"
down_revision = "fingerprints"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE compared (
  asset_id uuid NOT NULL,
  fingerprint_id uuid NOT NULL,
  standard_id uuid NOT NULL,
  compared_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_compared PRIMARY KEY (asset_id, fingerprint_id, standard_id),
  CONSTRAINT fk_compared_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_compared_standard_id FOREIGN KEY (standard_id) REFERENCES policy_versions (id),
  CONSTRAINT fk_compared_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TABLE likenesses (
  id uuid NOT NULL DEFAULT uuidv7(),
  a_asset_id uuid NOT NULL,
  a_fingerprint_id uuid NOT NULL,
  b_asset_id uuid NOT NULL,
  b_fingerprint_id uuid NOT NULL,
  standard_id uuid NOT NULL,
  class text NOT NULL CONSTRAINT ck_likenesses_class CHECK (class IN ('exact_bytes')),
  same_object boolean NOT NULL,
  evidence jsonb NOT NULL,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_likenesses PRIMARY KEY (id),
  CONSTRAINT uq_likenesses_pair UNIQUE (a_fingerprint_id, b_fingerprint_id, standard_id, class),
  CONSTRAINT ck_likenesses_order CHECK (a_asset_id < b_asset_id),
  CONSTRAINT fk_likenesses_a_asset_id_a_fingerprint_id FOREIGN KEY (a_asset_id, a_fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_likenesses_b_asset_id_b_fingerprint_id FOREIGN KEY (b_asset_id, b_fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_likenesses_standard_id FOREIGN KEY (standard_id) REFERENCES policy_versions (id),
  CONSTRAINT fk_likenesses_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_likenesses_a_asset_id_b_asset_id ON likenesses (a_asset_id, b_asset_id);
CREATE INDEX ix_likenesses_b_asset_id_a_asset_id ON likenesses (b_asset_id, a_asset_id);

-- The database compares the digests itself: nobody can call two files the same that are not.
CREATE FUNCTION refuse_unequal_exact() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a record;
  b record;
BEGIN
  SELECT sha256, size_bytes, object_key INTO a FROM public.fingerprints WHERE id = NEW.a_fingerprint_id;
  SELECT sha256, size_bytes, object_key INTO b FROM public.fingerprints WHERE id = NEW.b_fingerprint_id;
  -- What is not there yet compares as unknown, and unknown is not equal.
  IF (a.sha256 = b.sha256 AND a.size_bytes = b.size_bytes AND a.size_bytes > 0
      AND NEW.same_object = (a.object_key = b.object_key)) IS NOT TRUE THEN
    RAISE EXCEPTION 'exact_bytes is said of equal, non-empty files only'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'likenesses_exact_is_equal', TABLE = 'likenesses';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER likenesses_exact_is_equal BEFORE INSERT ON likenesses
  FOR EACH ROW EXECUTE FUNCTION refuse_unequal_exact();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_exact_is_equal;
CREATE TRIGGER compared_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compared
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE compared ENABLE ALWAYS TRIGGER compared_append_only;
CREATE TRIGGER likenesses_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON likenesses
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE likenesses ENABLE ALWAYS TRIGGER likenesses_append_only;

GRANT SELECT ON compared, likenesses TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (asset_id, fingerprint_id, standard_id, event_id) ON compared TO catalogue_worker;
GRANT INSERT (id, a_asset_id, a_fingerprint_id, b_asset_id, b_fingerprint_id, standard_id, class, same_object,
  evidence, event_id) ON likenesses TO catalogue_worker;
"""
DOWN = """
DROP TABLE likenesses;
DROP TABLE compared;
DROP FUNCTION refuse_unequal_exact();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
