"""Keep every policy and register as an immutable, content-addressed version."""

from alembic import op

revision = "policies"
down_revision = "ledger"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE policy_versions (
  id uuid NOT NULL DEFAULT uuidv7(),
  kind text NOT NULL
    CONSTRAINT ck_policy_versions_kind CHECK (kind IN ('policy', 'legal_status', 'legal_instruments')),
  document_id text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL,
  document jsonb NOT NULL,
  status text NOT NULL
    CONSTRAINT ck_policy_versions_status CHECK (status IN ('draft', 'example', 'published', 'superseded')),
  effective_from date NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_policy_versions PRIMARY KEY (id),
  CONSTRAINT fk_policy_versions_event_id FOREIGN KEY (event_id) REFERENCES events (id)
    DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT uq_policy_versions_kind_document_id_version UNIQUE (kind, document_id, version)
);
CREATE TRIGGER policy_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_versions ENABLE ALWAYS TRIGGER policy_versions_append_only;

GRANT SELECT ON policy_versions TO catalogue_api, catalogue_worker, catalogue_judge;
"""
DOWN = """

DROP TABLE policy_versions;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
