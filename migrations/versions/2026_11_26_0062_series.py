"""Let a series be named, read and corrected."""

from alembic import op

revision = "series"
down_revision = "bulk_changes"
branch_labels = None
depends_on = None

UP = """
-- A series of an archive: what one source system's identifiers that begin alike stand for.
CREATE TABLE series (
  code text NOT NULL CONSTRAINT ck_series_code CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  department text NOT NULL,
  source_system text NOT NULL,
  identifier_prefix text NOT NULL CONSTRAINT ck_series_identifier_prefix CHECK (identifier_prefix <> ''),
  label jsonb NOT NULL,
  event_id uuid NOT NULL,
  CONSTRAINT pk_series PRIMARY KEY (code),
  CONSTRAINT fk_series_source_system_department FOREIGN KEY (source_system, department)
    REFERENCES source_systems (code, department),
  CONSTRAINT fk_series_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_series_source_system ON series (source_system);
CREATE TRIGGER series_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON series
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE series ENABLE ALWAYS TRIGGER series_append_only;

ALTER TABLE series_statements DROP CONSTRAINT ck_series_statements_series;
ALTER TABLE series_statements
  ADD CONSTRAINT ck_series_statements_series CHECK (series ~ '^(source-system|import|series)/.'),
  ADD COLUMN retracted jsonb NOT NULL DEFAULT '[]';
CREATE INDEX ix_series_statements_department ON series_statements (department, series, id);

GRANT SELECT ON series TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON series TO catalogue_api;
GRANT INSERT (retracted) ON series_statements TO catalogue_api;
"""
DOWN = """
DROP INDEX ix_series_statements_department;
ALTER TABLE series_statements DROP COLUMN retracted, DROP CONSTRAINT ck_series_statements_series;
ALTER TABLE series_statements ADD CONSTRAINT ck_series_statements_series
  CHECK (series ~ '^(source-system|import)/.') NOT VALID;
DROP TABLE series;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
