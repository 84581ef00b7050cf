"""Which images might look alike: held in memory, rebuilt from the tables, and never a verdict."""
