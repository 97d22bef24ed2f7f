"""The bucket of policies and run records: versioned, private, over TLS only. It stays when the stack goes."""

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.constructs.policies import policy, tls_only


def bucket(scope: Construct) -> s3.CfnBucket:
    """Make the bucket."""
    made = s3.CfnBucket(
        scope,
        "Bucket",
        bucket_name=cdk.Fn.sub("snapveil-${AWS::AccountId}-${AWS::Region}"),
        versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
        public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
        ),
        ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
            rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
        ),
        bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
            server_side_encryption_configuration=[
                s3.CfnBucket.ServerSideEncryptionRuleProperty(
                    server_side_encryption_by_default=s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                        sse_algorithm="AES256"
                    )
                )
            ]
        ),
        lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(
            rules=[
                s3.CfnBucket.RuleProperty(
                    id="old-versions",
                    status="Enabled",
                    noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                        noncurrent_days=365
                    ),
                    abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                        days_after_initiation=7
                    ),
                )
            ]
        ),
    )
    made.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    s3.CfnBucketPolicy(
        scope,
        "BucketPolicy",
        bucket=made.ref,
        policy_document=policy([tls_only("s3:*", made.attr_arn, cdk.Fn.sub("${Bucket.Arn}/*"))]),
    )
    return made
