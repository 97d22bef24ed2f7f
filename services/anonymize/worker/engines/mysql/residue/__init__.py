"""Where old values stay on MySQL and MariaDB after masking, and how a master user's rights empty each."""
