"""The `snapveil policy` commands: a first policy, checks, plans, comparisons, previews."""
