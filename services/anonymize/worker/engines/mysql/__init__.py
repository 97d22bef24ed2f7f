"""MySQL and MariaDB: how they are opened, read, masked, cleaned and verified."""
