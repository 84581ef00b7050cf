"""Let every sample of an image be digested when a pair asks for it, and equality rest on that."""

from alembic import op

revision = "pixel_digests"
down_revision = "visual"
branch_labels = None
depends_on = None

TABLE = """
CREATE TABLE pixel_digests (
  fingerprint_id uuid NOT NULL,
  method integer NOT NULL,
  asset_id uuid NOT NULL,
  pixels_sha256 bytea CONSTRAINT ck_pixel_digests_pixels_sha256 CHECK (length(pixels_sha256) = 32),
  reason text,
  frames integer CONSTRAINT ck_pixel_digests_frames CHECK (frames > 0),
  trailing_bytes integer CONSTRAINT ck_pixel_digests_trailing_bytes CHECK (trailing_bytes >= 0),
  decoder text,
  decoder_version text,
  computed_at timestamptz NOT NULL,
  computed_xid xid8,
  event_id uuid NOT NULL,
  CONSTRAINT pk_pixel_digests PRIMARY KEY (fingerprint_id, method),
  CONSTRAINT ck_pixel_digests_reason CHECK ((pixels_sha256 IS NULL) = (reason IS NOT NULL)),
  CONSTRAINT ck_pixel_digests_decoder CHECK (pixels_sha256 IS NULL
    OR (frames IS NOT NULL AND decoder IS NOT NULL AND decoder_version IS NOT NULL)),
  CONSTRAINT fk_pixel_digests_asset_id_fingerprint_id FOREIGN KEY (asset_id, fingerprint_id)
    REFERENCES fingerprints (asset_id, id),
  CONSTRAINT fk_pixel_digests_event_id FOREIGN KEY (event_id) REFERENCES events (id)
);
CREATE INDEX ix_pixel_digests_pixels_sha256 ON pixel_digests (pixels_sha256) WHERE pixels_sha256 IS NOT NULL;
CREATE TRIGGER stamp_pixel_digest BEFORE INSERT ON pixel_digests
  FOR EACH ROW EXECUTE FUNCTION stamp_fingerprint();
CREATE TRIGGER pixel_digests_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON pixel_digests
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE pixel_digests ENABLE ALWAYS TRIGGER pixel_digests_append_only;
GRANT SELECT ON pixel_digests TO catalogue_api, catalogue_worker, catalogue_judge;
GRANT INSERT (fingerprint_id, method, asset_id, pixels_sha256, reason, frames, trailing_bytes, decoder, decoder_version,
  event_id) ON pixel_digests TO catalogue_worker;
"""
FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_unequal_image_data() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  a record;
  b record;
BEGIN
{sides}
  IF ((a.image_sha256 = b.image_sha256 AND a.rendering_sha256 = b.rendering_sha256
         AND a.trailer_sha256 IS NOT DISTINCT FROM b.trailer_sha256)
      OR (a.pixels_sha256 = b.pixels_sha256 AND a.frames = b.frames AND a.bit_depth = b.bit_depth
         AND a.alpha = b.alpha AND a.auxiliary = 0 AND b.auxiliary = 0
         AND {ends})) IS NOT TRUE
     OR (a.orientation = b.orientation AND a.icc_sha256 IS NOT DISTINCT FROM b.icc_sha256
         AND a.colour_space IS NOT DISTINCT FROM b.colour_space) IS NOT TRUE THEN
    RAISE EXCEPTION 'identical_image_data is said of equal images under equal rendering only'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'likenesses_identical_is_equal', TABLE = 'likenesses';
  END IF;
  RETURN NEW;
END $$;
"""
# Samples are compared as one method digested them, and what is not known of an end is no end.
SIDE = """
  SELECT f.image_sha256, f.rendering_sha256, f.trailer_sha256, v.frames, v.bit_depth, v.alpha, v.auxiliary,
         v.orientation, v.icc_sha256, v.colour_space, p.pixels_sha256, p.method, p.trailing_bytes INTO {side}
    FROM public.fingerprints f JOIN public.visual_fingerprints v ON v.fingerprint_id = f.id
    LEFT JOIN public.pixel_digests p ON p.fingerprint_id = f.id
   WHERE f.id = NEW.{side}_fingerprint_id ORDER BY v.method DESC, p.method DESC NULLS LAST LIMIT 1;"""
ENDS = "a.method = b.method AND a.trailing_bytes = 0 AND b.trailing_bytes = 0"
FORMER_SIDE = """
  SELECT f.image_sha256, f.rendering_sha256, f.trailer_sha256, v.* INTO {side}
    FROM public.fingerprints f JOIN public.visual_fingerprints v ON v.fingerprint_id = f.id
   WHERE f.id = NEW.{side}_fingerprint_id ORDER BY v.method DESC LIMIT 1;"""
FORMER_ENDS = "a.trailer_sha256 IS NULL AND b.trailer_sha256 IS NULL"


def function(side: str, ends: str) -> str:
    sides = "".join(side.format(side=name) for name in ("a", "b"))
    return FUNCTION.format(sides=sides, ends=ends)


def upgrade() -> None:
    op.execute(TABLE)
    op.execute(function(SIDE, ENDS))


def downgrade() -> None:
    op.execute(function(FORMER_SIDE, FORMER_ENDS))
    op.execute("DROP TABLE pixel_digests")
