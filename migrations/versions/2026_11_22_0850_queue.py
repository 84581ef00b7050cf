"""Let jobs be written in the transactions they tell of: the queue's own tables."""

from alembic import op
from procrastinate.schema import SchemaManager

revision = "queue"
down_revision = None
branch_labels = None
depends_on = None

ROLES = "catalogue_api, catalogue_worker"
DOWN = """
DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
DO $$
DECLARE f regprocedure;
BEGIN
  FOR f IN SELECT oid::regprocedure FROM pg_proc
    WHERE proname LIKE 'procrastinate%' AND pronamespace = 'public'::regnamespace
  LOOP EXECUTE format('DROP FUNCTION %s CASCADE', f); END LOOP;
END $$;
DROP TYPE procrastinate_job_status, procrastinate_job_event_type, procrastinate_job_to_defer_v1 CASCADE;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(SchemaManager.get_schema().replace("%", "%%"))
    op.execute(f"""
GRANT SELECT, INSERT, UPDATE, DELETE ON procrastinate_jobs, procrastinate_events,
  procrastinate_periodic_defers, procrastinate_workers TO {ROLES};
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {ROLES};
""")


def downgrade() -> None:
    op.execute(DOWN)
