"""Let two persons publish policies, registers and which policy judges a department."""

from alembic import op

revision = "publishing"
down_revision = "series"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE api_keys DROP CONSTRAINT ck_api_keys_roles;
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
  'registrar', 'cataloguer', 'records_manager', 'curator', 'policy_officer', 'auditor', 'dashboard', 'operator']);
ALTER TABLE api_keys DROP CONSTRAINT ck_api_keys_scope;
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_scope CHECK (
  department IS NOT NULL OR roles <@ ARRAY['policy_officer', 'auditor', 'dashboard', 'operator']);

ALTER TABLE policy_versions DROP CONSTRAINT ck_policy_versions_kind;
ALTER TABLE policy_versions ADD CONSTRAINT ck_policy_versions_kind
  CHECK (kind IN ('policy', 'legal_status', 'legal_instruments', 'retention_schedules'));

CREATE TABLE policy_drafts (
  id uuid NOT NULL DEFAULT uuidv7(),
  kind text NOT NULL,
  document_id text NOT NULL,
  version text NOT NULL,
  digest text NOT NULL,
  document jsonb NOT NULL,
  person_id uuid NOT NULL,
  drafted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_policy_drafts PRIMARY KEY (id),
  CONSTRAINT uq_policy_drafts_document_id_version_digest UNIQUE (document_id, version, digest),
  CONSTRAINT ck_policy_drafts_kind
    CHECK (kind IN ('policy', 'legal_status', 'legal_instruments', 'retention_schedules')),
  CONSTRAINT fk_policy_drafts_person_id FOREIGN KEY (person_id) REFERENCES persons (id),
  CONSTRAINT fk_policy_drafts_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

-- Either a draft to be published, or a department and the policy that is to judge it (none: the city's).
CREATE TABLE policy_proposals (
  id uuid NOT NULL DEFAULT uuidv7(),
  draft_id uuid,
  department text,
  policy_id text,
  person_id uuid NOT NULL,
  reason text NOT NULL,
  proposed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_policy_proposals PRIMARY KEY (id),
  CONSTRAINT uq_policy_proposals_draft_id UNIQUE (draft_id),
  CONSTRAINT uq_policy_proposals_id_person_id UNIQUE (id, person_id),
  CONSTRAINT ck_policy_proposals_subject CHECK ((draft_id IS NULL) <> (department IS NULL)),
  CONSTRAINT ck_policy_proposals_policy_id CHECK (policy_id IS NULL OR department IS NOT NULL),
  CONSTRAINT fk_policy_proposals_draft_id FOREIGN KEY (draft_id) REFERENCES policy_drafts (id),
  CONSTRAINT fk_policy_proposals_department FOREIGN KEY (department) REFERENCES departments (code),
  CONSTRAINT fk_policy_proposals_person_id FOREIGN KEY (person_id) REFERENCES persons (id),
  CONSTRAINT fk_policy_proposals_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_policy_proposals_department ON policy_proposals (department, id);

CREATE TABLE policy_approvals (
  proposal_id uuid NOT NULL,
  proposed_by uuid NOT NULL,
  approved_by uuid NOT NULL,
  reason text NOT NULL,
  approved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  approved_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_policy_approvals PRIMARY KEY (proposal_id),
  CONSTRAINT ck_policy_approvals_two_persons CHECK (approved_by <> proposed_by),
  CONSTRAINT fk_policy_approvals_proposal_id_proposed_by FOREIGN KEY (proposal_id, proposed_by)
    REFERENCES policy_proposals (id, person_id),
  CONSTRAINT fk_policy_approvals_approved_by FOREIGN KEY (approved_by) REFERENCES persons (id),
  CONSTRAINT fk_policy_approvals_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

-- The owner records what comes with the product, which authorises nothing; anyone else needs two signatures.
CREATE FUNCTION refuse_unsigned_policy() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_user <> (SELECT pg_get_userbyid(c.relowner) FROM pg_class c WHERE c.oid = TG_RELID)
     AND NOT EXISTS (
       SELECT FROM public.policy_approvals a
         JOIN public.policy_proposals p ON p.id = a.proposal_id
         JOIN public.policy_drafts d ON d.id = p.draft_id
        WHERE d.kind = NEW.kind AND d.document_id = NEW.document_id AND d.version = NEW.version
          AND d.digest = NEW.digest AND d.document = NEW.document
          AND a.approved_xid = pg_current_xact_id()) THEN
    RAISE EXCEPTION 'no two persons signed this version'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'policy_versions_signed', TABLE = 'policy_versions';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER policy_versions_signed BEFORE INSERT ON policy_versions
  FOR EACH ROW EXECUTE FUNCTION refuse_unsigned_policy();
ALTER TABLE policy_versions ENABLE ALWAYS TRIGGER policy_versions_signed;

CREATE FUNCTION refuse_unsigned_assignment() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.policy_id IS DISTINCT FROM OLD.policy_id AND NOT EXISTS (
       SELECT FROM public.policy_approvals a
         JOIN public.policy_proposals p ON p.id = a.proposal_id
        WHERE p.department = NEW.code AND p.policy_id IS NOT DISTINCT FROM NEW.policy_id
          AND a.approved_xid = pg_current_xact_id()) THEN
    RAISE EXCEPTION 'no two persons signed this assignment'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'departments_signed', TABLE = 'departments';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER departments_signed BEFORE UPDATE ON departments
  FOR EACH ROW EXECUTE FUNCTION refuse_unsigned_assignment();
ALTER TABLE departments ENABLE ALWAYS TRIGGER departments_signed;

CREATE TRIGGER policy_drafts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_drafts
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_drafts ENABLE ALWAYS TRIGGER policy_drafts_append_only;
CREATE TRIGGER policy_proposals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_proposals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_proposals ENABLE ALWAYS TRIGGER policy_proposals_append_only;
CREATE TRIGGER policy_approvals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_approvals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE policy_approvals ENABLE ALWAYS TRIGGER policy_approvals_append_only;

GRANT SELECT ON policy_drafts, policy_proposals, policy_approvals TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, kind, document_id, version, digest, document, person_id, event_id) ON policy_drafts TO catalogue_api;
GRANT INSERT (id, draft_id, department, policy_id, person_id, reason, event_id) ON policy_proposals TO catalogue_api;
GRANT INSERT (proposal_id, proposed_by, approved_by, reason, event_id) ON policy_approvals TO catalogue_api;
GRANT INSERT (event_id, kind, document_id, version, digest, document, status, effective_from) ON policy_versions
  TO catalogue_api;
"""
DOWN = """
REVOKE INSERT (event_id, kind, document_id, version, digest, document, status, effective_from) ON policy_versions
  FROM catalogue_api;
DROP TRIGGER departments_signed ON departments;
DROP FUNCTION refuse_unsigned_assignment();
DROP TRIGGER policy_versions_signed ON policy_versions;
DROP FUNCTION refuse_unsigned_policy();
DROP TABLE policy_approvals;
DROP TABLE policy_proposals;
DROP TABLE policy_drafts;
ALTER TABLE policy_versions DROP CONSTRAINT ck_policy_versions_kind;
ALTER TABLE policy_versions ADD CONSTRAINT ck_policy_versions_kind
  CHECK (kind IN ('policy', 'legal_status', 'legal_instruments')) NOT VALID;
ALTER TABLE api_keys DROP CONSTRAINT ck_api_keys_scope;
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_scope
  CHECK (department IS NOT NULL OR roles <@ ARRAY['auditor', 'dashboard', 'operator']) NOT VALID;
ALTER TABLE api_keys DROP CONSTRAINT ck_api_keys_roles;
ALTER TABLE api_keys ADD CONSTRAINT ck_api_keys_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
  'registrar', 'cataloguer', 'records_manager', 'curator', 'auditor', 'dashboard', 'operator']) NOT VALID;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
