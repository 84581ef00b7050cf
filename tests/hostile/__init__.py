"""Attacks drawn in code: files that lie about themselves, each by name, the same bytes always."""
