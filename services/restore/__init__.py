"""Restore: owns the temporary database from its restore to its deletion."""
