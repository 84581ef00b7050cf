"""Registered copies, where they lie and the systems they come from."""
