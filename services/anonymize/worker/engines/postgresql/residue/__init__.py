"""Where old values stay on PostgreSQL after masking, and how a master user's rights empty each place."""
