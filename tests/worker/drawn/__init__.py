"""Databases that nobody thought of: schemas, rows and policies drawn from a seed, for PostgreSQL."""
