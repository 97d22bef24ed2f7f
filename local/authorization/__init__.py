"""IAM in the embedded cloud: every API call is held against the policies of the role that makes it."""
