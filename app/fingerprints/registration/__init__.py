"""Two pictures laid over one another and measured: where they agree, and where they do not."""
