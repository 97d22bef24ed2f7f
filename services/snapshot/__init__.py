"""Snapshot: owns the anonymized snapshot until the development account holds a copy of its own."""
