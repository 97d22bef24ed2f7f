"""What the two stacks are built of; the logical id of a resource is the path of names that leads to it."""
