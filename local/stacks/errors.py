"""What can be wrong with a template, with one resource, and with a deployment."""


class TemplateError(ValueError):
    """A template, or what it is deployed with, cannot be used: CloudFormation answers ValidationError."""


class ResourceError(Exception):
    """A resource cannot be made, changed or deleted; the text becomes the reason in the stack's events."""


class DeploymentError(Exception):
    """A deployment failed and was taken back; the text names the resource and the reason."""
