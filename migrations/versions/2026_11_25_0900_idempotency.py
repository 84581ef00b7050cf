"""Keep an answer under its Idempotency-Key, in the transaction of its effect."""

from alembic import op

revision = "idempotency"
down_revision = "imports"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE idempotency_keys (
  principal text NOT NULL,
  key text NOT NULL CONSTRAINT ck_idempotency_keys_key CHECK (key ~ '^[!-~]{1,255}$'),
  request_sha256 bytea NOT NULL
    CONSTRAINT ck_idempotency_keys_request_sha256 CHECK (length(request_sha256) = 32),
  status integer NOT NULL CONSTRAINT ck_idempotency_keys_status CHECK (status BETWEEN 200 AND 299),
  headers jsonb NOT NULL,
  body bytea,
  answered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_idempotency_keys PRIMARY KEY (principal, key)
);
CREATE INDEX ix_idempotency_keys_answered_at ON idempotency_keys (answered_at);

CREATE FUNCTION refuse_forgetting() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.answered_at > clock_timestamp() - interval '7 days' THEN
    RAISE EXCEPTION 'an answer is kept for seven days'
      USING ERRCODE = 'restrict_violation', CONSTRAINT = 'idempotency_keys_kept', TABLE = TG_TABLE_NAME;
  END IF;
  RETURN OLD;
END $$;
CREATE TRIGGER idempotency_keys_kept BEFORE DELETE ON idempotency_keys
  FOR EACH ROW EXECUTE FUNCTION refuse_forgetting();
ALTER TABLE idempotency_keys ENABLE ALWAYS TRIGGER idempotency_keys_kept;
CREATE TRIGGER idempotency_keys_unchanged BEFORE UPDATE OR TRUNCATE ON idempotency_keys
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE idempotency_keys ENABLE ALWAYS TRIGGER idempotency_keys_unchanged;

GRANT SELECT ON idempotency_keys TO catalogue_api, catalogue_worker;
GRANT INSERT (principal, key, request_sha256, status, headers, body) ON idempotency_keys TO catalogue_api;
GRANT DELETE ON idempotency_keys TO catalogue_worker;
"""
DOWN = """
DROP TABLE idempotency_keys;
DROP FUNCTION refuse_forgetting();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
