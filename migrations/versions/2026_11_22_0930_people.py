"""Know departments, persons and the keys they act by."""

from alembic import op

revision = "people"
down_revision = "policies"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE departments (
  code text NOT NULL CONSTRAINT ck_departments_code CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  label jsonb NOT NULL,
  policy_id text,
  event_id uuid NOT NULL,
  CONSTRAINT pk_departments PRIMARY KEY (code),
  CONSTRAINT fk_departments_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE TABLE persons (
  id uuid NOT NULL DEFAULT uuidv7(),
  name text NOT NULL,
  event_id uuid NOT NULL,
  CONSTRAINT pk_persons PRIMARY KEY (id),
  CONSTRAINT fk_persons_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE TABLE api_keys (
  id text NOT NULL,
  secret_sha256 bytea NOT NULL CONSTRAINT ck_api_keys_secret_sha256 CHECK (length(secret_sha256) = 32),
  person_id uuid NOT NULL,
  department text,
  roles text[] NOT NULL CONSTRAINT ck_api_keys_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
    'registrar', 'cataloguer', 'records_manager', 'curator', 'auditor', 'dashboard', 'operator']),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  event_id uuid NOT NULL,
  CONSTRAINT pk_api_keys PRIMARY KEY (id),
  CONSTRAINT fk_api_keys_person_id FOREIGN KEY (person_id) REFERENCES persons (id),
  CONSTRAINT fk_api_keys_department FOREIGN KEY (department) REFERENCES departments (code),
  CONSTRAINT fk_api_keys_event_id FOREIGN KEY (event_id) REFERENCES events (id),
  CONSTRAINT ck_api_keys_scope CHECK (department IS NOT NULL OR roles <@ ARRAY['auditor', 'dashboard', 'operator'])
);

GRANT SELECT ON departments, persons, api_keys TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON departments, persons TO catalogue_api;
GRANT INSERT (id, secret_sha256, person_id, department, roles, expires_at, event_id) ON api_keys TO catalogue_api;
GRANT UPDATE (revoked_at) ON api_keys TO catalogue_api;
GRANT UPDATE (policy_id) ON departments TO catalogue_api;
"""
DOWN = """

DROP TABLE api_keys;
DROP TABLE persons;
DROP TABLE departments;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
