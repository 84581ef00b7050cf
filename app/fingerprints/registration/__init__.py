"""Two pictures laid over each other."""
