"""The two stacks of Snapveil, in AWS CDK, and what their roles may do."""
