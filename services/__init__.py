"""The four services. None imports another; they talk in messages only."""
