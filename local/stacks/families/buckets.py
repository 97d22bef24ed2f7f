"""S3: buckets and their policies. What a bucket holds outlives a change."""

import json
from collections.abc import Mapping
from typing import Any

from local.accounts import Account
from local.stacks.errors import ResourceError
from local.stacks.resource import Made, Order, Resource, ResourceType


def _create(order: Order) -> Made:
    name = order.name("BucketName", 63).lower()
    order.account.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": order.account.region}
    )
    _set_versioning(order.account, name, order.properties)
    return Made(name, _attributes(order.account, name))


def _find(order: Order) -> Made | None:
    name = order.name("BucketName", 63).lower()
    there = {one["Name"] for one in order.account.client("s3").list_buckets()["Buckets"]}
    return Made(name, _attributes(order.account, name)) if name in there else None


def _update(order: Order, resource: Resource) -> Made:
    if order.name("BucketName", 63).lower() != resource.physical_id:
        raise ResourceError(f"bucket {resource.physical_id} cannot be renamed: it may hold data")
    _set_versioning(order.account, resource.physical_id, order.properties)
    return Made(resource.physical_id, resource.attributes)


def _delete(account: Account, resource: Resource) -> None:
    account.client("s3").delete_bucket(Bucket=resource.physical_id)


def _set_versioning(account: Account, name: str, properties: Mapping[str, Any]) -> None:
    if "VersioningConfiguration" in properties:
        account.client("s3").put_bucket_versioning(
            Bucket=name, VersioningConfiguration=properties["VersioningConfiguration"]
        )


def _attributes(account: Account, name: str) -> dict[str, str]:
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{account.region}.amazonaws.com",
    }


def _set_policy(order: Order) -> Made:
    bucket = order.properties["Bucket"]
    order.account.client("s3").put_bucket_policy(
        Bucket=bucket, Policy=json.dumps(order.properties["PolicyDocument"])
    )
    return Made(bucket)


def _remove_policy(account: Account, resource: Resource) -> None:
    account.client("s3").delete_bucket_policy(Bucket=resource.physical_id)


TYPES = (
    ResourceType(
        "AWS::S3::Bucket",
        _create,
        _delete,
        _update,
        _find,
        acts_on=frozenset({"BucketName", "VersioningConfiguration"}),
        # Nothing is encrypted, public or ever old enough to expire here.
        notes=frozenset(
            {
                "BucketEncryption",
                "LifecycleConfiguration",
                "LoggingConfiguration",
                "OwnershipControls",
                "PublicAccessBlockConfiguration",
                "Tags",
            }
        ),
    ),
    ResourceType(
        "AWS::S3::BucketPolicy",
        _set_policy,
        _remove_policy,
        acts_on=frozenset({"Bucket", "PolicyDocument"}),
    ),
)
