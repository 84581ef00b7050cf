"""Let completeness be the existence of a seal, and a seal stand on its facts."""

from alembic import op

revision = "seals"
down_revision = "readings"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE seals (
  id uuid NOT NULL DEFAULT uuidv7(),
  asset_id uuid NOT NULL,
  provenance_version integer NOT NULL,
  reading_id uuid NOT NULL,
  policy_version_id uuid NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_seals PRIMARY KEY (id),
  CONSTRAINT uq_seals_what_is_sealed UNIQUE (asset_id, provenance_version, policy_version_id, reading_id),
  CONSTRAINT fk_seals_asset_id_provenance_version FOREIGN KEY (asset_id, provenance_version)
    REFERENCES provenance_versions (asset_id, version),
  CONSTRAINT fk_seals_asset_id_reading_id FOREIGN KEY (asset_id, reading_id) REFERENCES readings (asset_id, id),
  CONSTRAINT fk_seals_policy_version_id FOREIGN KEY (policy_version_id) REFERENCES policy_versions (id),
  CONSTRAINT fk_seals_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
-- The floor under every policy: what no overlay may waive, no seal may lack.
CREATE FUNCTION refuse_unfounded_seal() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Both must be there: one statement could bring them after the seal.
  IF NOT EXISTS (SELECT FROM public.readings r
      WHERE r.asset_id = NEW.asset_id AND r.id = NEW.reading_id AND r.outcome <> 'unreadable')
  OR NOT EXISTS (SELECT FROM public.provenance_versions v
    WHERE v.asset_id = NEW.asset_id AND v.version = NEW.provenance_version
     AND NOT 'undetermined' = ANY (v.legal_status)
     AND (v.title_answer & 15 <> 0 OR v.description_answer & 15 <> 0)
     AND v.source_system_answer & 15 <> 0
     AND v.source_identifier_answer & 15 <> 0
     AND v.original_name_answer & 15 <> 0
     AND v.locations_answer & 15 <> 0
     AND v.department_answer & 15 <> 0
     AND v.custodian_answer & 15 <> 0
     AND v.custodian_kind_answer & 15 <> 0
     AND v.format_answer & 15 <> 0
     AND v.technical_answer & 15 <> 0
     AND v.legal_status_answer & 15 <> 0
     AND v.legal_basis_answer & 15 <> 0
     AND v.rights_statement_answer & 15 <> 0
     AND v.personal_data_status_answer & 15 <> 0) THEN
    RAISE EXCEPTION 'a seal stands on a readable file and every core fact'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'seals_core_facts', TABLE = 'seals';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER seals_core_facts BEFORE INSERT ON seals
  FOR EACH ROW EXECUTE FUNCTION refuse_unfounded_seal();
ALTER TABLE seals ENABLE ALWAYS TRIGGER seals_core_facts;
CREATE TRIGGER seals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seals
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE seals ENABLE ALWAYS TRIGGER seals_append_only;

GRANT SELECT ON seals TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (id, asset_id, provenance_version, reading_id, policy_version_id, event_id) ON seals
  TO catalogue_api, catalogue_worker;
"""
DOWN = """
DROP TABLE seals;
DROP FUNCTION refuse_unfounded_seal();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
