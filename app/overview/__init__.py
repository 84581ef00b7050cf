"""Read-only across rooms: what a policy would change over the whole catalogue."""
