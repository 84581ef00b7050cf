"""Keep small pictures of images that were fingerprinted, made when somebody asks for one."""

from alembic import op

revision = "thumbnails"
down_revision = "claims"
branch_labels = None
depends_on = None

UP = """
CREATE TABLE thumbnail_requests (
  fingerprint_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_thumbnail_requests PRIMARY KEY (fingerprint_id),
  CONSTRAINT fk_thumbnail_requests_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id)
);
CREATE INDEX ix_thumbnail_requests_requested_at ON thumbnail_requests (requested_at);

-- It cites a fingerprint, so that no pixel is decoded of what was not read and hashed before.
CREATE TABLE thumbnails (
  fingerprint_id uuid NOT NULL,
  asset_id uuid NOT NULL,
  outcome text NOT NULL
    CONSTRAINT ck_thumbnails_outcome CHECK (outcome IN ('made', 'too_large', 'undecodable', 'changed')),
  reason text,
  key uuid,
  width integer NOT NULL,
  height integer NOT NULL,
  made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT pk_thumbnails PRIMARY KEY (fingerprint_id),
  CONSTRAINT uq_thumbnails_key UNIQUE (key),
  CONSTRAINT fk_thumbnails_fingerprint_id FOREIGN KEY (fingerprint_id)
    REFERENCES thumbnail_requests (fingerprint_id),
  CONSTRAINT fk_thumbnails_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_thumbnails_key FOREIGN KEY (key) REFERENCES kept_objects (key),
  CONSTRAINT ck_thumbnails_made CHECK ((outcome = 'made') = (key IS NOT NULL))
);

CREATE FUNCTION refuse_giving_up_thumbnail() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.given_up_at IS NOT NULL AND EXISTS (
       SELECT FROM public.thumbnails t WHERE t.key = NEW.key) THEN
    RAISE EXCEPTION 'a thumbnail is not given up'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'kept_objects_thumbnail', TABLE = 'kept_objects';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER kept_objects_thumbnail BEFORE UPDATE ON kept_objects
  FOR EACH ROW EXECUTE FUNCTION refuse_giving_up_thumbnail();
ALTER TABLE kept_objects ENABLE ALWAYS TRIGGER kept_objects_thumbnail;

CREATE TRIGGER thumbnail_requests_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON thumbnail_requests
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE thumbnail_requests ENABLE ALWAYS TRIGGER thumbnail_requests_append_only;
CREATE TRIGGER thumbnails_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON thumbnails
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE thumbnails ENABLE ALWAYS TRIGGER thumbnails_append_only;

GRANT SELECT ON thumbnail_requests, thumbnails TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (fingerprint_id, asset_id) ON thumbnail_requests TO catalogue_api;
GRANT INSERT (fingerprint_id, asset_id, outcome, reason, key, width, height) ON thumbnails
  TO catalogue_worker;
"""
DOWN = """
DROP TABLE thumbnails;
DROP TABLE thumbnail_requests;
DROP TRIGGER kept_objects_thumbnail ON kept_objects;
DROP FUNCTION refuse_giving_up_thumbnail();
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
