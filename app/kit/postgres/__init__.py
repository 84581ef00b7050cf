"""An own PostgreSQL on this machine: shared by several processes, the last one out stops it."""
