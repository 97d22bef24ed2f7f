"""What may pass the gateway endpoints: our own bucket and table, and the layers of images."""

from collections.abc import Mapping, Sequence
from typing import Any

import aws_cdk as cdk

Statement = Mapping[str, Any]


def s3_access(*buckets: Any) -> Sequence[Statement]:
    """Let policies and reports through, and the bucket of AWS from which ECR hands out layers."""
    return [
        {
            "Sid": "OwnBuckets",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["s3:GetObject", "s3:ListBucket", "s3:PutObject"],
            "Resource": [one for bucket in buckets for one in (bucket, _below(bucket))],
            "Condition": {"StringEquals": {"aws:PrincipalAccount": cdk.Aws.ACCOUNT_ID}},
        },
        {
            "Sid": "ImageLayers",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "s3:GetObject",
            "Resource": cdk.Fn.sub("arn:${AWS::Partition}:s3:::prod-${AWS::Region}-starport-layer-bucket/*"),
        },
    ]


def dynamodb_access(table: str) -> Sequence[Statement]:
    """Let the ledger through."""
    return [
        {
            "Sid": "Ledger",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "dynamodb:DeleteItem",
                "dynamodb:GetItem",
                "dynamodb:PutItem",
                "dynamodb:Query",
                "dynamodb:Scan",
                "dynamodb:UpdateItem",
            ],
            "Resource": table,
            "Condition": {"StringEquals": {"aws:PrincipalAccount": cdk.Aws.ACCOUNT_ID}},
        }
    ]


def _below(bucket: Any) -> Any:
    return {"Fn::Sub": ["${Bucket}/*", {"Bucket": bucket}]}
