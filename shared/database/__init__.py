"""RDS instances and Aurora clusters behind one port with two adapters."""
