"""Let a fingerprint exist only for a reading committed before."""

from alembic import op

revision = "fingerprints"
down_revision = "seals"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE fingerprints (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  reading_id uuid NOT NULL,
  sha256 bytea NOT NULL CONSTRAINT ck_fingerprints_sha256 CHECK (length(sha256) = 32),
  size_bytes bigint NOT NULL CONSTRAINT ck_fingerprints_size_bytes CHECK (size_bytes >= 0),
  byte_token text NOT NULL,
  object_key text NOT NULL,
  tool text NOT NULL,
  tool_version text NOT NULL,
  computed_at timestamptz NOT NULL,
  computed_xid xid8,
  event_id uuid NOT NULL,
  CONSTRAINT pk_fingerprints PRIMARY KEY (id),
  CONSTRAINT uq_fingerprints_asset_id_id UNIQUE (asset_id, id),
  CONSTRAINT fk_fingerprints_asset_id_reading_id FOREIGN KEY (asset_id, reading_id)
    REFERENCES readings (asset_id, id),
  CONSTRAINT fk_fingerprints_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_fingerprints_asset_id_reading_id ON fingerprints (asset_id, reading_id, id);
CREATE INDEX ix_fingerprints_sha256_size_bytes ON fingerprints (sha256, size_bytes);

CREATE FUNCTION stamp_fingerprint() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.computed_at := clock_timestamp();
  NEW.computed_xid := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_fingerprint BEFORE INSERT ON fingerprints
  FOR EACH ROW EXECUTE FUNCTION stamp_fingerprint();

-- Equality and not "earlier than": a row that I can see and did not write was committed before,
-- and ids of two clusters are never compared. Unknown refuses.
CREATE FUNCTION refuse_hash_before_reading() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  xid xid8;
  token text;
BEGIN
  SELECT read_xid, byte_token INTO xid, token FROM public.readings
   WHERE asset_id = NEW.asset_id AND id = NEW.reading_id;
  -- Not there yet is refused too: one statement could bring the reading after its fingerprint.
  IF NOT FOUND OR xid IS NULL OR xid = pg_current_xact_id() THEN
    RAISE EXCEPTION 'a fingerprint cites a reading committed in an earlier transaction'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fingerprints_after_reading', TABLE = 'fingerprints';
  END IF;
  IF token <> NEW.byte_token THEN
    RAISE EXCEPTION 'a fingerprint is of the bytes that were read'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'fingerprints_same_bytes', TABLE = 'fingerprints';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER fingerprints_after_reading BEFORE INSERT ON fingerprints
  FOR EACH ROW EXECUTE FUNCTION refuse_hash_before_reading();
ALTER TABLE fingerprints ENABLE ALWAYS TRIGGER fingerprints_after_reading;
CREATE TRIGGER fingerprints_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON fingerprints
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE fingerprints ENABLE ALWAYS TRIGGER fingerprints_append_only;

GRANT SELECT ON fingerprints TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, asset_id, reading_id, sha256, size_bytes, byte_token, object_key, tool, tool_version, event_id)
  ON fingerprints TO catalogue_worker;
"""
DOWN = """
DROP TABLE fingerprints;
DROP FUNCTION refuse_hash_before_reading();
DROP FUNCTION stamp_fingerprint();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
