"""Remember what hinders an asset in a stage, what people must look at, how far sweeps have looked."""

from alembic import op

revision = "workers"
down_revision = "objects"
branch_labels = None
depends_on = None

UP = """
-- How far each stage's sweeps have looked, by the ids of what they look at.
CREATE TABLE sweeps (
  stage text NOT NULL,
  looked_up_to uuid NOT NULL,
  walked_to uuid,
  judged_by text,
  CONSTRAINT pk_sweeps PRIMARY KEY (stage)
);

-- Few rows: what could not be done yet and when it is tried again. Gone once it is done.
CREATE TABLE hindrances (
  asset_id uuid NOT NULL,
  stage text NOT NULL,
  strikes integer NOT NULL DEFAULT 0 CONSTRAINT ck_hindrances_strikes CHECK (strikes >= 0),
  looks integer NOT NULL DEFAULT 0 CONSTRAINT ck_hindrances_looks CHECK (looks >= 0),
  reason text NOT NULL,
  due_at timestamptz NOT NULL,
  CONSTRAINT pk_hindrances PRIMARY KEY (asset_id, stage),
  CONSTRAINT fk_hindrances_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id)
);
CREATE INDEX ix_hindrances_stage_due_at ON hindrances (stage, due_at);

CREATE TABLE set_aside (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  stage text NOT NULL,
  reason text NOT NULL,
  strikes integer NOT NULL CONSTRAINT ck_set_aside_strikes CHECK (strikes > 0),
  since timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_set_aside PRIMARY KEY (id),
  CONSTRAINT fk_set_aside_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_set_aside_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_set_aside_asset_id ON set_aside (asset_id);

CREATE TABLE set_aside_releases (
  set_aside_id uuid NOT NULL,
  reason text NOT NULL,
  released_by text NOT NULL,
  released_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_set_aside_releases PRIMARY KEY (set_aside_id),
  CONSTRAINT fk_set_aside_releases_set_aside_id FOREIGN KEY (set_aside_id) REFERENCES set_aside (id),
  CONSTRAINT fk_set_aside_releases_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE TRIGGER set_aside_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON set_aside
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE set_aside ENABLE ALWAYS TRIGGER set_aside_append_only;
CREATE TRIGGER set_aside_releases_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON set_aside_releases
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE set_aside_releases ENABLE ALWAYS TRIGGER set_aside_releases_append_only;

-- Sweeps ask for long work that no job finished.
CREATE INDEX ix_operations_unfinished ON operations (kind, created_at) WHERE finished_at IS NULL;

GRANT SELECT ON sweeps, hindrances, set_aside, set_aside_releases
  TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT, UPDATE ON sweeps TO catalogue_worker;
GRANT INSERT, UPDATE, DELETE ON hindrances TO catalogue_worker;
GRANT INSERT, UPDATE ON hindrances TO catalogue_api;
GRANT INSERT (id, asset_id, stage, reason, strikes, event_id) ON set_aside TO catalogue_worker;
GRANT INSERT (set_aside_id, reason, released_by, event_id) ON set_aside_releases TO catalogue_api;
"""
DOWN = """
DROP INDEX ix_operations_unfinished;
DROP TABLE set_aside_releases;
DROP TABLE set_aside;
DROP TABLE hindrances;
DROP TABLE sweeps;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
