"""The example source: a French home-improvement shop, as a production database."""
