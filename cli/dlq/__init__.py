"""`snapveil dlq`: dead letters – what they are, what a replay would do, and doing it without losing one."""
