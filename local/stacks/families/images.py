"""ECR: repositories of images. There is no container engine here: tasks are processes of the working copy."""

from local.accounts import Account
from local.stacks.resource import Made, Order, Resource, ResourceType


def _create(order: Order) -> Made:
    name = order.name("RepositoryName", 256).lower()
    made = order.account.client("ecr").create_repository(
        repositoryName=name, imageTagMutability=order.properties.get("ImageTagMutability", "MUTABLE")
    )["repository"]
    return Made(name, {"Arn": made["repositoryArn"], "RepositoryUri": made["repositoryUri"]})


def _delete(account: Account, resource: Resource) -> None:
    account.client("ecr").delete_repository(repositoryName=resource.physical_id)


TYPES = (
    ResourceType(
        "AWS::ECR::Repository",
        _create,
        _delete,
        acts_on=frozenset({"ImageTagMutability", "RepositoryName"}),
        # Nothing is scanned, encrypted or ever expires here.
        notes=frozenset({"EncryptionConfiguration", "ImageScanningConfiguration", "LifecyclePolicy", "Tags"}),
    ),
)
