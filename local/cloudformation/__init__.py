"""CloudFormation's API in the embedded cloud, so that a deployment with plain boto3 runs in it."""

from local.cloudformation.api import LiveStacks, stacks_backends

__all__ = ["LiveStacks", "stacks_backends"]
