"""Mark the installation, follow long work, and let append-only mean it."""

from alembic import op

revision = "kit"
down_revision = "queue"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE installation (
  purpose text NOT NULL CONSTRAINT ck_installation_purpose CHECK (purpose IN ('catalogue', 'demo')),
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_installation PRIMARY KEY (purpose)
);
CREATE UNIQUE INDEX uq_installation_one ON installation ((true));

CREATE TABLE operations (
  id uuid NOT NULL DEFAULT uuidv7(),
  kind text NOT NULL,
  state text NOT NULL DEFAULT 'waiting'
    CONSTRAINT ck_operations_state CHECK (state IN ('waiting', 'running', 'done')),
  total integer NOT NULL CONSTRAINT ck_operations_total CHECK (total >= 0),
  done integer NOT NULL DEFAULT 0,
  refused integer NOT NULL DEFAULT 0,
  department text,
  requested_by text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  finished_at timestamptz,
  CONSTRAINT pk_operations PRIMARY KEY (id),
  CONSTRAINT ck_operations_counts CHECK (refused <= done AND done <= total),
  CONSTRAINT ck_operations_finished CHECK ((state = 'done') = (finished_at IS NOT NULL))
);

CREATE TABLE operation_steps (
  operation_id uuid NOT NULL,
  step text NOT NULL,
  CONSTRAINT pk_operation_steps PRIMARY KEY (operation_id, step),
  CONSTRAINT fk_operation_steps_operation_id FOREIGN KEY (operation_id) REFERENCES operations (id)
);

-- One function guards every append-only table; triggers that call it are ENABLE ALWAYS, so that
-- session_replication_role does not switch them off.
CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
    USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_TABLE_NAME || '_append_only', TABLE = TG_TABLE_NAME;
END $$;

CREATE TRIGGER installation_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON installation
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE installation ENABLE ALWAYS TRIGGER installation_append_only;

CREATE TRIGGER operation_steps_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operation_steps
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE operation_steps ENABLE ALWAYS TRIGGER operation_steps_append_only;

GRANT USAGE ON SCHEMA public TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT SELECT ON installation, alembic_version TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT SELECT ON operations TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, kind, state, total, department, requested_by, finished_at) ON operations TO catalogue_api;
GRANT SELECT ON operation_steps TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON operation_steps TO catalogue_worker;
GRANT UPDATE (state, done, refused, finished_at) ON operations TO catalogue_worker;
"""
DOWN = """

DROP TABLE operation_steps;
DROP TABLE operations;
DROP TABLE installation;
DROP FUNCTION refuse_change();
REVOKE SELECT ON alembic_version FROM catalogue_api, catalogue_worker, catalogue_judge;
REVOKE USAGE ON SCHEMA public FROM catalogue_api, catalogue_worker, catalogue_judge;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
