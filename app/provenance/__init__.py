"""Statements with their sources, conflicts, versions, completeness and the seal."""
