"""The run ledger: what runs did and are doing. It stays when the stack goes."""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

TABLE = "snapveil-ledger"


def ledger(scope: Construct) -> dynamodb.CfnTable:
    """Make the table."""
    table = dynamodb.CfnTable(
        scope,
        "Ledger",
        table_name=TABLE,
        billing_mode="PAY_PER_REQUEST",
        attribute_definitions=[
            dynamodb.CfnTable.AttributeDefinitionProperty(attribute_name=name, attribute_type="S")
            for name in ("pk", "sk")
        ],
        key_schema=[
            dynamodb.CfnTable.KeySchemaProperty(attribute_name="pk", key_type="HASH"),
            dynamodb.CfnTable.KeySchemaProperty(attribute_name="sk", key_type="RANGE"),
        ],
        time_to_live_specification=dynamodb.CfnTable.TimeToLiveSpecificationProperty(
            attribute_name="expires", enabled=True
        ),
        point_in_time_recovery_specification=dynamodb.CfnTable.PointInTimeRecoverySpecificationProperty(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection_enabled=True,
    )
    table.apply_removal_policy(cdk.RemovalPolicy.RETAIN)
    return table
