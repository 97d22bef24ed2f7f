"""What several services need: messages, the run ledger, the stage runtime and the database port."""
