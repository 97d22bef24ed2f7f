"""Copying a user's PostgreSQL database into the embedded cloud, without ever writing to it."""
