"""CloudFormation for the embedded cloud: templates are read, and what they declare is made in an account."""

from local.stacks.errors import DeploymentError, TemplateError
from local.stacks.stack import Stack, deploy
from local.stacks.template import Template

__all__ = ["DeploymentError", "Stack", "Template", "TemplateError", "deploy"]
