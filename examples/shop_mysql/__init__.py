"""The example shop in MySQL's SQL: schema, generator and policy."""
