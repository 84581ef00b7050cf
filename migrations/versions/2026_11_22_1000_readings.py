"""Record what a file says of itself, for a record that states its legal status."""

from alembic import op

revision = "readings"
down_revision = "provenance"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE readings (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  ordinal integer NOT NULL CONSTRAINT ck_readings_ordinal CHECK (ordinal > 0),
  provenance_version integer NOT NULL,
  outcome text NOT NULL
    CONSTRAINT ck_readings_outcome CHECK (outcome IN ('read', 'nothing_found', 'unreadable')),
  reason text,
  byte_token text NOT NULL,
  object_key text NOT NULL,
  -- A store that is mounted anew changes the device number and nothing else.
  mountless_token text NOT NULL GENERATED ALWAYS AS (regexp_replace(byte_token, '^fs:[0-9]+:', 'fs:')) STORED,
  size_bytes bigint NOT NULL CONSTRAINT ck_readings_size_bytes CHECK (size_bytes >= 0),
  tool text NOT NULL,
  tool_version text NOT NULL,
  limited boolean NOT NULL,
  format text,
  mime text,
  statements jsonb NOT NULL,
  raw bytea NOT NULL,
  read_at timestamptz NOT NULL,
  read_xid xid8,
  event_id uuid NOT NULL,
  CONSTRAINT pk_readings PRIMARY KEY (id),
  CONSTRAINT uq_readings_asset_id_id UNIQUE (asset_id, id),
  CONSTRAINT uq_readings_asset_id_ordinal UNIQUE (asset_id, ordinal),
  CONSTRAINT ck_readings_reason CHECK ((outcome = 'unreadable') = (reason IS NOT NULL)),
  CONSTRAINT fk_readings_asset_id_provenance_version FOREIGN KEY (asset_id, provenance_version)
    REFERENCES provenance_versions (asset_id, version),
  CONSTRAINT fk_readings_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_readings_object_key ON readings (object_key, asset_id);
CREATE INDEX ix_readings_mountless_token ON readings (mountless_token, asset_id);
CREATE FUNCTION stamp_reading() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.read_at := clock_timestamp();
  NEW.read_xid := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp_reading BEFORE INSERT ON readings FOR EACH ROW EXECUTE FUNCTION stamp_reading();
CREATE TRIGGER readings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON readings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE readings ENABLE ALWAYS TRIGGER readings_append_only;

GRANT SELECT ON readings TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, asset_id, ordinal, provenance_version, outcome, reason, byte_token, object_key, size_bytes, tool,
  tool_version, limited, format, mime, statements, raw, event_id) ON readings TO catalogue_worker;
"""
DOWN = """
DROP TABLE readings;
DROP FUNCTION stamp_reading();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
