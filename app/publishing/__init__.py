"""Two persons put policies and registers into force, and say which policy judges a department."""
