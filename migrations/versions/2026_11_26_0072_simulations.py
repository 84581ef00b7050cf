"""Keep what simulations of policies found; they change nothing else."""

from alembic import op

revision = "simulations"
down_revision = "retention"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE simulations (
  id uuid NOT NULL,
  policy_id text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL,
  document jsonb NOT NULL,
  departments text[] NOT NULL,
  department text,
  bound uuid,
  through uuid,
  listed integer NOT NULL DEFAULT 0,
  CONSTRAINT pk_simulations PRIMARY KEY (id),
  CONSTRAINT fk_simulations_id FOREIGN KEY (id) REFERENCES operations (id)
);

CREATE TABLE simulation_parts (
  simulation_id uuid NOT NULL,
  part uuid NOT NULL,
  counts jsonb NOT NULL,
  log_index bigint NOT NULL,
  as_of timestamptz NOT NULL,
  CONSTRAINT pk_simulation_parts PRIMARY KEY (simulation_id, part),
  CONSTRAINT fk_simulation_parts_simulation_id FOREIGN KEY (simulation_id) REFERENCES simulations (id)
);

CREATE TABLE simulation_changes (
  simulation_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  department text NOT NULL,
  was text,
  becomes text,
  newly text CONSTRAINT ck_simulation_changes_newly CHECK (newly IN ('complete', 'incomplete')),
  gained text[] NOT NULL,
  lost text[] NOT NULL,
  CONSTRAINT pk_simulation_changes PRIMARY KEY (simulation_id, asset_id),
  CONSTRAINT fk_simulation_changes_simulation_id FOREIGN KEY (simulation_id) REFERENCES simulations (id)
);

CREATE TRIGGER simulation_parts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON simulation_parts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE simulation_parts ENABLE ALWAYS TRIGGER simulation_parts_append_only;
CREATE TRIGGER simulation_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON simulation_changes
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE simulation_changes ENABLE ALWAYS TRIGGER simulation_changes_append_only;

GRANT SELECT ON simulations, simulation_parts, simulation_changes TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, policy_id, version, digest, document, departments, department, bound) ON simulations TO catalogue_api;
GRANT UPDATE (through, listed) ON simulations TO catalogue_worker;
GRANT INSERT ON simulation_parts, simulation_changes TO catalogue_worker;
"""
DOWN = """
DROP TABLE simulation_changes;
DROP TABLE simulation_parts;
DROP TABLE simulations;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
