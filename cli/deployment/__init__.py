"""What `snapveil deploy` and `snapveil destroy` do in an AWS account."""
