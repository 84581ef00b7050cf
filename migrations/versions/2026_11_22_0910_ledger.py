"""Write what happened with the state it tells of, and number it later."""

from alembic import op

revision = "ledger"
down_revision = "kit"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE events (
  id uuid NOT NULL DEFAULT uuidv7(),
  kind text NOT NULL,
  asset_id uuid,
  department text,
  agent text NOT NULL,
  person_id uuid,
  document bytea NOT NULL,
  recorded_at timestamptz NOT NULL,
  xid xid8 NOT NULL,
  cluster bigint NOT NULL,
  CONSTRAINT pk_events PRIMARY KEY (id)
);
CREATE INDEX ix_events_xid ON events (cluster, xid);
CREATE INDEX ix_events_asset_id ON events (asset_id, id);

CREATE FUNCTION stamp_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.recorded_at := clock_timestamp();
  NEW.xid := pg_current_xact_id();
  NEW.cluster := (pg_control_system()).system_identifier;
  RETURN NEW;
END $$;
-- An ordinary trigger: a restore keeps the stamps it brings.
CREATE TRIGGER stamp_event BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION stamp_event();
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;

CREATE TABLE log_entries (
  log_index bigint NOT NULL CONSTRAINT ck_log_entries_log_index CHECK (log_index >= 0),
  event_id uuid NOT NULL,
  CONSTRAINT pk_log_entries PRIMARY KEY (log_index),
  CONSTRAINT uq_log_entries_event_id UNIQUE (event_id),
  CONSTRAINT fk_log_entries_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER log_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log_entries
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE log_entries ENABLE ALWAYS TRIGGER log_entries_append_only;

-- Up to where the events of one cluster are numbered; another cluster's ids are never compared.
CREATE TABLE log_watermarks (
  cluster bigint NOT NULL,
  xid xid8 NOT NULL,
  CONSTRAINT pk_log_watermarks PRIMARY KEY (cluster)
);

GRANT SELECT ON events, log_entries, log_watermarks TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, kind, asset_id, department, agent, person_id, document) ON events
  TO catalogue_api, catalogue_worker;
GRANT INSERT ON log_entries, log_watermarks TO catalogue_worker;
GRANT UPDATE (xid) ON log_watermarks TO catalogue_worker;
"""
DOWN = """

DROP TABLE log_watermarks;
DROP TABLE log_entries;
DROP TABLE events;
DROP FUNCTION stamp_event();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
