"""The embedded cloud: two AWS accounts on one machine, for `make demo`, `snapveil try` and the tests."""
