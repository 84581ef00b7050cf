"""Completeness policies, the duplicate standard and legal registers as versioned data."""
