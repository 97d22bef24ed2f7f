"""How each database engine executes a plan."""
