"""An account to deploy to: its document, a small template, and what tests ask of it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from cli.main import main

ACCOUNT, REGION = "123456789012", "eu-west-3"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/snapveil-worker@sha256:{'ab' * 32}"
POLICY = "version: 1\ntables:\n  customers: truncate\n"

PRODUCTION = f"""
version: 1
account: production
account_id: "{ACCOUNT}"
region: {REGION}
share: {{accounts: ["222222222222"]}}
sources:
  shop:
    kind: instance
    database: shop-prod
    family: postgres16
    temporary: {{instance_class: db.m7g.large}}
"""

CONFIG = {
    "version": 1,
    "account": "production",
    "account_id": ACCOUNT,
    "region": REGION,
    "share": {"accounts": ["222222222222"], "key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/share"},
    "production_key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/production",
    "worker": {"cluster": "c", "task_definition": "t", "subnets": [], "security_groups": []},
    "reports": "s3://snapveil/runs",
    "sources": {
        "shop": {
            "kind": "instance",
            "database": "shop-prod",
            "policy": f"s3://snapveil-{ACCOUNT}-{REGION}/policies/shop",
            "temporary": {"instance_class": "db.m7g.large"},
        }
    },
}


def template(**more: Any) -> dict[str, Any]:
    """A small template with the parameters of the real one, and what it leaves."""
    return {
        "Parameters": {
            "CodeBucket": {"Type": "String"},
            "CodePrefix": {"Type": "String"},
            "WorkerImage": {"Type": "String"},
            "AlarmEmail": {"Type": "String", "Default": ""},
        },
        "Resources": {
            "Bucket": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "Properties": {"BucketName": f"snapveil-{ACCOUNT}-{REGION}"},
            },
            "ShareKey": {
                "Type": "AWS::KMS::Key",
                "DeletionPolicy": "Retain",
                "Properties": {"KeyPolicy": {"Version": "2012-10-17", "Statement": []}},
            },
            "Config": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Name": "/snapveil/config", "Type": "String", "Value": json.dumps(CONFIG)},
            },
            "Place": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "CodePrefix"}},
            },
            **more,
        },
        "Outputs": {"Policies": {"Value": f"s3://snapveil-{ACCOUNT}-{REGION}/policies/"}},
    }


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def deploy(document: Path, zips: Path, *more: str) -> int:
    return main(["deploy", str(document), "--zips", str(zips), "--worker-image", IMAGE, *more])


def stack(name: str = "snapveil") -> Mapping[str, Any] | None:
    found = [one for one in client("cloudformation").describe_stacks()["Stacks"] if one["StackName"] == name]
    return found[0] if found else None


def parameters() -> dict[str, str]:
    described = stack()
    assert described is not None
    return {one["ParameterKey"]: one["ParameterValue"] for one in described["Parameters"]}


def keys(bucket: str) -> list[str]:
    return [one["Key"] for one in client("s3").list_objects_v2(Bucket=bucket).get("Contents", ())]
