"""Builds what runs in the accounts: a lean zip per Lambda, and the worker's image."""
