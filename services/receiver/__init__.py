"""Receiver: owns the copies and the target in the development account."""
