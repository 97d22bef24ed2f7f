"""The peers' own settings, for the same columns as ours as far as they can."""
