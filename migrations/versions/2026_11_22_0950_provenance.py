"""Keep each asset's statements as immutable, numbered versions."""

from alembic import op

revision = "provenance"
down_revision = "assets"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE provenance_versions (
  asset_id uuid NOT NULL,
  version integer NOT NULL CONSTRAINT ck_provenance_versions_version CHECK (version > 0),
  statements jsonb NOT NULL,
  resolutions jsonb NOT NULL,
  change jsonb NOT NULL,
  -- What is filtered, sorted or judged stands beside the document in columns of its own.
  legal_status text[] NOT NULL
    CONSTRAINT ck_provenance_versions_legal_status CHECK (
      cardinality(legal_status) > 0 AND NOT '' = ANY (legal_status) AND array_position(legal_status, NULL) IS NULL),
  legal_basis text[] NOT NULL,
  rights_statement text,
  title text,
  creator text,
  date_created text,
  extracted_title text,
  extracted_description text,
  extracted_creator text,
  extracted_date_created text,
  extracted_software text,
  codes text[] NOT NULL,
  confirmed text[] NOT NULL,
  asserted_count integer NOT NULL,
  source_system_answer smallint NOT NULL DEFAULT 0,
  source_identifier_answer smallint NOT NULL DEFAULT 0,
  other_identifiers_answer smallint NOT NULL DEFAULT 0,
  original_name_answer smallint NOT NULL DEFAULT 0,
  locations_answer smallint NOT NULL DEFAULT 0,
  container_answer smallint NOT NULL DEFAULT 0,
  department_answer smallint NOT NULL DEFAULT 0,
  custodian_answer smallint NOT NULL DEFAULT 0,
  custodian_kind_answer smallint NOT NULL DEFAULT 0,
  acquisition_method_answer smallint NOT NULL DEFAULT 0,
  acquisition_date_answer smallint NOT NULL DEFAULT 0,
  title_answer smallint NOT NULL DEFAULT 0,
  description_answer smallint NOT NULL DEFAULT 0,
  creator_answer smallint NOT NULL DEFAULT 0,
  date_created_answer smallint NOT NULL DEFAULT 0,
  date_digitised_answer smallint NOT NULL DEFAULT 0,
  date_modified_answer smallint NOT NULL DEFAULT 0,
  place_answer smallint NOT NULL DEFAULT 0,
  subject_answer smallint NOT NULL DEFAULT 0,
  event_name_answer smallint NOT NULL DEFAULT 0,
  people_answer smallint NOT NULL DEFAULT 0,
  genre_answer smallint NOT NULL DEFAULT 0,
  digital_source_type_answer smallint NOT NULL DEFAULT 0,
  digitisation_source_answer smallint NOT NULL DEFAULT 0,
  digitisation_batch_answer smallint NOT NULL DEFAULT 0,
  production_title_answer smallint NOT NULL DEFAULT 0,
  still_type_answer smallint NOT NULL DEFAULT 0,
  capture_device_answer smallint NOT NULL DEFAULT 0,
  format_answer smallint NOT NULL DEFAULT 0,
  technical_answer smallint NOT NULL DEFAULT 0,
  legal_status_answer smallint NOT NULL DEFAULT 0,
  legal_basis_answer smallint NOT NULL DEFAULT 0,
  disposal_class_answer smallint NOT NULL DEFAULT 0,
  retention_trigger_date_answer smallint NOT NULL DEFAULT 0,
  retention_until_answer smallint NOT NULL DEFAULT 0,
  archival_appraisal_answer smallint NOT NULL DEFAULT 0,
  security_classification_answer smallint NOT NULL DEFAULT 0,
  access_rights_answer smallint NOT NULL DEFAULT 0,
  rights_statement_answer smallint NOT NULL DEFAULT 0,
  rights_notice_answer smallint NOT NULL DEFAULT 0,
  rights_holder_answer smallint NOT NULL DEFAULT 0,
  credit_line_answer smallint NOT NULL DEFAULT 0,
  usage_terms_answer smallint NOT NULL DEFAULT 0,
  supplier_answer smallint NOT NULL DEFAULT 0,
  model_release_answer smallint NOT NULL DEFAULT 0,
  property_release_answer smallint NOT NULL DEFAULT 0,
  data_mining_answer smallint NOT NULL DEFAULT 0,
  contract_reference_answer smallint NOT NULL DEFAULT 0,
  donor_agreement_answer smallint NOT NULL DEFAULT 0,
  personal_data_status_answer smallint NOT NULL DEFAULT 0,
  edit_history_answer smallint NOT NULL DEFAULT 0,
  c2pa_status_answer smallint NOT NULL DEFAULT 0,
  published_answer smallint NOT NULL DEFAULT 0,
  publication_links_answer smallint NOT NULL DEFAULT 0,
  litigation_check_answer smallint NOT NULL DEFAULT 0,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_provenance_versions PRIMARY KEY (asset_id, version),
  CONSTRAINT fk_provenance_versions_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_provenance_versions_event_id FOREIGN KEY (event_id) REFERENCES events (id)
    DEFERRABLE INITIALLY DEFERRED
);
CREATE TRIGGER provenance_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON provenance_versions
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE provenance_versions ENABLE ALWAYS TRIGGER provenance_versions_append_only;

CREATE TABLE provenance_heads (
  asset_id uuid NOT NULL,
  version integer NOT NULL,
  CONSTRAINT pk_provenance_heads PRIMARY KEY (asset_id),
  CONSTRAINT fk_provenance_heads_asset_id_version FOREIGN KEY (asset_id, version)
    REFERENCES provenance_versions (asset_id, version)
);
CREATE FUNCTION refuse_step_back() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.asset_id <> OLD.asset_id OR NEW.version <> OLD.version + 1 THEN
    RAISE EXCEPTION 'the head moves to the next version only, not from % to %', OLD.version, NEW.version
      USING ERRCODE = 'check_violation', CONSTRAINT = 'provenance_heads_next_version_only', TABLE = 'provenance_heads';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER provenance_heads_next_version_only BEFORE UPDATE ON provenance_heads
  FOR EACH ROW EXECUTE FUNCTION refuse_step_back();
ALTER TABLE provenance_heads ENABLE ALWAYS TRIGGER provenance_heads_next_version_only;
CREATE TRIGGER provenance_heads_stay BEFORE DELETE OR TRUNCATE ON provenance_heads
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE provenance_heads ENABLE ALWAYS TRIGGER provenance_heads_stay;

CREATE TABLE series_statements (
  id uuid NOT NULL DEFAULT uuidv7(),
  series text NOT NULL CONSTRAINT ck_series_statements_series CHECK (series ~ '^(source-system|import)/.'),
  department text NOT NULL,
  statements jsonb NOT NULL,
  operation_id uuid NOT NULL,
  recorded_by text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_series_statements PRIMARY KEY (id),
  CONSTRAINT fk_series_statements_department FOREIGN KEY (department) REFERENCES departments (code),
  CONSTRAINT fk_series_statements_operation_id FOREIGN KEY (operation_id) REFERENCES operations (id),
  CONSTRAINT fk_series_statements_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_series_statements_series ON series_statements (series, id);
CREATE TRIGGER series_statements_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON series_statements
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE series_statements ENABLE ALWAYS TRIGGER series_statements_append_only;

GRANT SELECT ON provenance_versions, provenance_heads, series_statements
  TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON provenance_versions, provenance_heads TO catalogue_api, catalogue_worker;
GRANT UPDATE (version) ON provenance_heads TO catalogue_api, catalogue_worker;
GRANT INSERT (id, series, department, statements, operation_id, recorded_by, event_id) ON series_statements
  TO catalogue_api;
"""
DOWN = """
DROP TABLE series_statements;
DROP TABLE provenance_heads;
DROP TABLE provenance_versions;
DROP FUNCTION refuse_step_back();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
