"""Departments, persons and their API keys; each right is a typed dependency."""
