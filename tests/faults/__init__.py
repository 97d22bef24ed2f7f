"""A fault at every call of the whole loop: `make faults` runs all of them, the tests a sample."""
