"""Take a list of registrations line by line."""

from alembic import op

revision = "imports"
down_revision = "comparisons"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE import_lines (
  import_id uuid NOT NULL,
  line integer NOT NULL CONSTRAINT ck_import_lines_line CHECK (line > 0),
  content bytea NOT NULL,
  CONSTRAINT pk_import_lines PRIMARY KEY (import_id, line),
  CONSTRAINT fk_import_lines_import_id FOREIGN KEY (import_id) REFERENCES operations (id)
);
CREATE TABLE import_results (
  import_id uuid NOT NULL,
  line integer NOT NULL,
  outcome text NOT NULL
    CONSTRAINT ck_import_results_outcome CHECK (outcome IN ('registered', 'already_there', 'refused')),
  asset_id uuid,
  problem jsonb,
  CONSTRAINT pk_import_results PRIMARY KEY (import_id, line),
  CONSTRAINT fk_import_results_import_id_line FOREIGN KEY (import_id, line)
    REFERENCES import_lines (import_id, line),
  CONSTRAINT fk_import_results_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT ck_import_results_refused CHECK ((outcome = 'refused') = (problem IS NOT NULL)),
  CONSTRAINT ck_import_results_asset CHECK ((outcome = 'refused') = (asset_id IS NULL))
);
CREATE TRIGGER import_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE import_lines ENABLE ALWAYS TRIGGER import_lines_append_only;
CREATE TRIGGER import_results_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_results
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE import_results ENABLE ALWAYS TRIGGER import_results_append_only;

GRANT SELECT ON import_lines, import_results TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON import_lines TO catalogue_api;
GRANT INSERT ON import_results TO catalogue_worker;
"""
DOWN = """
DROP TABLE import_results;
DROP TABLE import_lines;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
