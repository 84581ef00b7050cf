"""Register one copy under the one name its source system gives it."""

from alembic import op

revision = "assets"
down_revision = "people"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE source_systems (
  code text NOT NULL CONSTRAINT ck_source_systems_code CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  department text NOT NULL,
  label jsonb NOT NULL,
  root text NOT NULL CONSTRAINT ck_source_systems_root CHECK (root ~ '^file:///' AND root LIKE '%/'),
  custody_kind text NOT NULL CONSTRAINT ck_source_systems_custody_kind CHECK (custody_kind IN
    ('archive', 'library_or_museum_repository', 'department', 'contracted_platform')),
  failure_domain text NOT NULL,
  removable boolean NOT NULL,
  custody_ends_on date,
  event_id uuid NOT NULL,
  CONSTRAINT pk_source_systems PRIMARY KEY (code),
  CONSTRAINT uq_source_systems_code_department UNIQUE (code, department),
  CONSTRAINT fk_source_systems_department FOREIGN KEY (department) REFERENCES departments (code),
  CONSTRAINT fk_source_systems_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE FUNCTION refuse_overlapping_roots() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF current_setting('transaction_isolation') = 'repeatable read' THEN
    RAISE EXCEPTION 'a snapshot from before the lock does not see a root that came meanwhile'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'source_systems_roots_apart', TABLE = 'source_systems';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('source_systems.root', 0));
  IF EXISTS (SELECT FROM public.source_systems s WHERE s.department <> NEW.department
             AND (starts_with(s.root, NEW.root) OR starts_with(NEW.root, s.root))) THEN
    RAISE EXCEPTION 'storage roots of two departments may not overlap'
      USING ERRCODE = 'exclusion_violation', CONSTRAINT = 'source_systems_roots_apart', TABLE = 'source_systems';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER source_systems_roots_apart BEFORE INSERT OR UPDATE ON source_systems
  FOR EACH ROW EXECUTE FUNCTION refuse_overlapping_roots();
ALTER TABLE source_systems ENABLE ALWAYS TRIGGER source_systems_roots_apart;

CREATE TABLE assets (
  id uuid NOT NULL DEFAULT uuidv7(),
  source_system text NOT NULL,
  source_identifier text NOT NULL
    CONSTRAINT ck_assets_source_identifier CHECK (source_identifier <> '' AND octet_length(source_identifier) <= 2000),
  department text NOT NULL,
  original_name text NOT NULL CONSTRAINT ck_assets_original_name CHECK (original_name <> ''),
  import_id uuid,
  registered_facts text NOT NULL,
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_assets PRIMARY KEY (id),
  CONSTRAINT uq_assets_source_system_source_identifier UNIQUE (source_system, source_identifier),
  CONSTRAINT fk_assets_source_system_department FOREIGN KEY (source_system, department)
    REFERENCES source_systems (code, department),
  CONSTRAINT fk_assets_import_id FOREIGN KEY (import_id) REFERENCES operations (id),
  -- Checked at commit: the asset goes in first, since only then is it known to be new.
  CONSTRAINT fk_assets_event_id FOREIGN KEY (event_id) REFERENCES events (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX ix_assets_department ON assets (department, id);
CREATE INDEX ix_assets_source_system ON assets (source_system, id);
CREATE INDEX ix_assets_import_id ON assets (import_id, id) WHERE import_id IS NOT NULL;

CREATE TABLE locations (
  asset_id uuid NOT NULL,
  ordinal integer NOT NULL CONSTRAINT ck_locations_ordinal CHECK (ordinal > 0),
  path text NOT NULL,
  CONSTRAINT pk_locations PRIMARY KEY (asset_id, ordinal),
  CONSTRAINT fk_locations_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id)
);

-- What was seen of a location when it could not be read as expected; the newest row counts.
CREATE TABLE sightings (
  asset_id uuid NOT NULL,
  ordinal integer NOT NULL CONSTRAINT ck_sightings_ordinal CHECK (ordinal > 0),
  state text NOT NULL
    CONSTRAINT ck_sightings_state CHECK (state IN ('present', 'unreachable', 'missing', 'changed')),
  detail text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event_id uuid NOT NULL,
  CONSTRAINT pk_sightings PRIMARY KEY (asset_id, ordinal),
  CONSTRAINT fk_sightings_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id),
  CONSTRAINT fk_sightings_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);

CREATE TABLE decision_locks (
  asset_id uuid NOT NULL,
  CONSTRAINT pk_decision_locks PRIMARY KEY (asset_id),
  CONSTRAINT fk_decision_locks_asset_id FOREIGN KEY (asset_id) REFERENCES assets (id)
);
CREATE FUNCTION add_decision_lock() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO public.decision_locks (asset_id) VALUES (NEW.id);
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION add_decision_lock() FROM PUBLIC;
CREATE TRIGGER add_decision_lock AFTER INSERT ON assets FOR EACH ROW EXECUTE FUNCTION add_decision_lock();

CREATE TRIGGER assets_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON assets
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE assets ENABLE ALWAYS TRIGGER assets_append_only;
CREATE TRIGGER locations_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON locations
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE locations ENABLE ALWAYS TRIGGER locations_append_only;
CREATE TRIGGER sightings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON sightings
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE sightings ENABLE ALWAYS TRIGGER sightings_append_only;
CREATE TRIGGER decision_locks_stay BEFORE DELETE OR TRUNCATE ON decision_locks
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE decision_locks ENABLE ALWAYS TRIGGER decision_locks_stay;

GRANT SELECT ON source_systems, assets, locations, sightings, decision_locks
  TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT ON source_systems TO catalogue_api;
GRANT INSERT (id, source_system, source_identifier, department, original_name, import_id, registered_facts,
  registered_by, event_id) ON assets TO catalogue_api, catalogue_worker;
GRANT INSERT ON locations TO catalogue_api, catalogue_worker;
GRANT INSERT (asset_id, ordinal, state, detail, event_id) ON sightings TO catalogue_worker;
-- FOR UPDATE asks for the right to update; there is nothing in the row to change.
GRANT UPDATE ON decision_locks TO catalogue_judge;
"""
DOWN = """

DROP TABLE decision_locks;
DROP TABLE sightings;
DROP TABLE locations;
DROP TABLE assets;
DROP TABLE source_systems;
DROP FUNCTION add_decision_lock();
DROP FUNCTION refuse_overlapping_roots();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
