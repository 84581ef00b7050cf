"""Receive imports of any size, chunk by chunk, and let a scan say what it saw."""

from alembic import op

revision = "large_imports"
down_revision = "workers"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE operations DROP CONSTRAINT ck_operations_state, DROP CONSTRAINT ck_operations_finished;
ALTER TABLE operations
  ADD CONSTRAINT ck_operations_state
    CHECK (state IN ('receiving', 'waiting', 'running', 'done', 'cancelled', 'failed')),
  ADD CONSTRAINT ck_operations_finished
    CHECK ((state IN ('done', 'cancelled', 'failed')) = (finished_at IS NOT NULL));
CREATE INDEX ix_operations_department ON operations (department, id);

CREATE TABLE imports (
  id uuid NOT NULL,
  key_id text NOT NULL,
  person_id uuid NOT NULL,
  department text NOT NULL,
  roles text[] NOT NULL,
  idempotency_key text CONSTRAINT ck_imports_idempotency_key CHECK (length(idempotency_key) BETWEEN 1 AND 255),
  scanned_system text,
  scanned_beneath text,
  declared_bytes bigint,
  received_bytes bigint NOT NULL DEFAULT 0,
  received_lines integer NOT NULL DEFAULT 0,
  chunks integer NOT NULL DEFAULT 0,
  last_received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended text
    CONSTRAINT ck_imports_ended CHECK (ended IN ('complete', 'broken', 'expired', 'refused', 'cancelled')),
  outcomes jsonb NOT NULL DEFAULT '{}',
  CONSTRAINT pk_imports PRIMARY KEY (id),
  CONSTRAINT uq_imports_key_id_idempotency_key UNIQUE (key_id, idempotency_key),
  CONSTRAINT fk_imports_id FOREIGN KEY (id) REFERENCES operations (id),
  CONSTRAINT fk_imports_scanned_system FOREIGN KEY (scanned_system) REFERENCES source_systems (code),
  CONSTRAINT ck_imports_scan CHECK ((scanned_system IS NULL) = (scanned_beneath IS NULL))
);

-- The body as it came, cut between lines; a chunk goes when its lines have their results.
CREATE TABLE import_chunks (
  import_id uuid NOT NULL,
  ordinal integer NOT NULL CONSTRAINT ck_import_chunks_ordinal CHECK (ordinal > 0),
  first_line integer NOT NULL CONSTRAINT ck_import_chunks_first_line CHECK (first_line > 0),
  lines integer NOT NULL CONSTRAINT ck_import_chunks_lines CHECK (lines BETWEEN 0 AND 5000),
  too_long integer[] NOT NULL,
  content bytea NOT NULL CONSTRAINT ck_import_chunks_content CHECK (octet_length(content) <= 2097152),
  received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_import_chunks PRIMARY KEY (import_id, ordinal),
  CONSTRAINT fk_import_chunks_import_id FOREIGN KEY (import_id) REFERENCES imports (id)
);
ALTER TABLE import_chunks ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE import_results DROP CONSTRAINT fk_import_results_import_id_line,
  DROP CONSTRAINT ck_import_results_outcome, DROP CONSTRAINT ck_import_results_asset;
ALTER TABLE import_results
  ADD CONSTRAINT ck_import_results_outcome CHECK (outcome IN
    ('registered', 'already_there', 'moved', 'changed', 'missing', 'refused', 'cancelled')),
  ADD CONSTRAINT ck_import_results_asset CHECK ((outcome IN ('refused', 'cancelled')) = (asset_id IS NULL)),
  ADD CONSTRAINT fk_import_results_import_id FOREIGN KEY (import_id) REFERENCES operations (id);

-- What a scan saw of a file when it was registered or found there: no digest, only its marks.
ALTER TABLE locations ADD COLUMN seen_token text,
  ADD COLUMN seen_object text GENERATED ALWAYS AS (substring(seen_token FROM '^fs:[0-9]+:[0-9]+')) STORED;
CREATE INDEX ix_locations_seen_object ON locations (seen_object) WHERE seen_object IS NOT NULL;
CREATE INDEX ix_locations_moved_to ON locations (path) WHERE ordinal > 1;

-- Imports of before whose lines have no result yet go on as chunks.
INSERT INTO imports (id, key_id, person_id, department, roles, received_lines, ended, outcomes)
  SELECT o.id, k.id, k.person_id, o.department, k.roles, o.total, 'complete',
         jsonb_build_object('registered', o.done - o.refused, 'refused', o.refused)
    FROM operations o JOIN api_keys k ON 'key:' || k.id = o.requested_by
   WHERE o.kind = 'import' AND o.state <> 'done';
INSERT INTO import_chunks (import_id, ordinal, first_line, lines, too_long, content)
  SELECT l.import_id, row_number() OVER (PARTITION BY l.import_id ORDER BY min(l.line)), min(l.line),
         count(*), '{}', string_agg(l.content, '\\x0a' ORDER BY l.line)
    FROM import_lines l JOIN imports i ON i.id = l.import_id
   WHERE NOT EXISTS (SELECT FROM import_results r WHERE r.import_id = l.import_id AND r.line = l.line)
   GROUP BY l.import_id, (l.line - 1) / 5;
UPDATE imports i SET chunks = (SELECT count(*) FROM import_chunks c WHERE c.import_id = i.id);
DROP TABLE import_lines;
DELETE FROM procrastinate_jobs WHERE task_name = 'catalogue.register_import' AND status = 'todo';

GRANT SELECT ON imports, import_chunks TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, key_id, person_id, department, roles, idempotency_key, scanned_system, scanned_beneath,
  declared_bytes) ON imports TO catalogue_api;
GRANT UPDATE (declared_bytes, received_bytes, received_lines, chunks, last_received_at, ended) ON imports
  TO catalogue_api;
GRANT UPDATE (ended, outcomes) ON imports TO catalogue_worker;
GRANT INSERT (import_id, ordinal, first_line, lines, too_long, content) ON import_chunks TO catalogue_api;
GRANT DELETE ON import_chunks TO catalogue_worker;
GRANT UPDATE (state, total, finished_at) ON operations TO catalogue_api;
GRANT UPDATE (total) ON operations TO catalogue_worker;
"""
DOWN = """
REVOKE UPDATE (state, total, finished_at) ON operations FROM catalogue_api;
REVOKE UPDATE (total) ON operations FROM catalogue_worker;
CREATE TABLE import_lines (
  import_id uuid NOT NULL,
  line integer NOT NULL CONSTRAINT ck_import_lines_line CHECK (line > 0),
  content bytea NOT NULL,
  CONSTRAINT pk_import_lines PRIMARY KEY (import_id, line),
  CONSTRAINT fk_import_lines_import_id FOREIGN KEY (import_id) REFERENCES operations (id)
);
CREATE TRIGGER import_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_lines
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE import_lines ENABLE ALWAYS TRIGGER import_lines_append_only;
GRANT SELECT ON import_lines TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON import_lines TO catalogue_api;
-- What became of lines stays; the lines themselves went with their chunks.
INSERT INTO import_lines (import_id, line, content) SELECT import_id, line, '' FROM import_results;
ALTER TABLE import_results DROP CONSTRAINT fk_import_results_import_id,
  DROP CONSTRAINT ck_import_results_outcome, DROP CONSTRAINT ck_import_results_asset;
ALTER TABLE import_results
  ADD CONSTRAINT ck_import_results_outcome CHECK (outcome IN ('registered', 'already_there', 'refused')) NOT VALID,
  ADD CONSTRAINT ck_import_results_asset CHECK ((outcome = 'refused') = (asset_id IS NULL)) NOT VALID,
  ADD CONSTRAINT fk_import_results_import_id_line FOREIGN KEY (import_id, line)
    REFERENCES import_lines (import_id, line);
DROP INDEX ix_locations_moved_to;
DROP INDEX ix_locations_seen_object;
ALTER TABLE locations DROP COLUMN seen_object, DROP COLUMN seen_token;
DROP TABLE import_chunks;
DROP TABLE imports;
DROP INDEX ix_operations_department;
UPDATE operations SET state = 'done' WHERE state IN ('cancelled', 'failed');
UPDATE operations SET state = 'running' WHERE state = 'receiving';
ALTER TABLE operations DROP CONSTRAINT ck_operations_state, DROP CONSTRAINT ck_operations_finished;
ALTER TABLE operations
  ADD CONSTRAINT ck_operations_state CHECK (state IN ('waiting', 'running', 'done')),
  ADD CONSTRAINT ck_operations_finished CHECK ((state = 'done') = (finished_at IS NOT NULL));
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
