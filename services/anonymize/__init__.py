"""Anonymize: a Lambda that starts and watches the worker, and the worker, which masks and verifies."""
