"""Say what kind of body a department is, and change it only with the event that tells of it."""

from alembic import op

revision = "body_kinds"
down_revision = "tries"
branch_labels = None
depends_on = None

# Of departments that exist nobody has said it: what binds by kind of body is unknown there, and
# blocks, until somebody does. The table holds a row a department, so the lock is short.
UP = """
ALTER TABLE departments
  ADD COLUMN body_kind text CONSTRAINT ck_departments_body_kind CHECK (body_kind IN (
    'government_bureau', 'government_department', 'statutory_body', 'mainland_body',
    'university', 'charity', 'private_company', 'other')),
  ADD COLUMN body_kind_event_id uuid,
  ADD CONSTRAINT ck_departments_body_kind_stated
    CHECK ((body_kind IS NULL) = (body_kind_event_id IS NULL)),
  ADD CONSTRAINT fk_departments_body_kind_event_id
    FOREIGN KEY (body_kind_event_id) REFERENCES events (id);

CREATE FUNCTION refuse_untold_body_kind() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.body_kind, NEW.body_kind_event_id) IS DISTINCT FROM (OLD.body_kind, OLD.body_kind_event_id)
     AND NOT EXISTS (
       SELECT FROM public.events e
        WHERE e.id = NEW.body_kind_event_id AND e.kind = 'x:body-kind-stated'
          AND e.department = NEW.code AND e.xid = pg_current_xact_id()
          AND convert_from(e.document, 'UTF8')::jsonb->>'body_kind' = NEW.body_kind) THEN
    RAISE EXCEPTION 'no event of this transaction states this kind of body'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'departments_body_kind_told', TABLE = 'departments';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER departments_body_kind_told BEFORE UPDATE ON departments
  FOR EACH ROW EXECUTE FUNCTION refuse_untold_body_kind();
ALTER TABLE departments ENABLE ALWAYS TRIGGER departments_body_kind_told;
GRANT UPDATE (body_kind, body_kind_event_id) ON departments TO catalogue_api;
"""
DOWN = """
REVOKE UPDATE (body_kind, body_kind_event_id) ON departments FROM catalogue_api;
DROP TRIGGER departments_body_kind_told ON departments;
DROP FUNCTION refuse_untold_body_kind();
ALTER TABLE departments DROP COLUMN body_kind_event_id, DROP COLUMN body_kind;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
