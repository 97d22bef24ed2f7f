"""What an operator brings along is used, and nothing of the kind is made."""

import json
from typing import Any

from infra.limits import check
from tests.infra.stacks.reading import Template, statements_in

OWN = "arn:aws:kms:eu-central-1:333333333333:key/11111111-aaaa-bbbb-cccc-00000000000"


def test_no_key_bucket_cluster_or_network_is_made_where_there_is_one(brought: dict[str, Template]) -> None:
    for template in brought.values():
        for kind in (
            "KMS::Key",
            "KMS::Alias",
            "S3::Bucket",
            "S3::BucketPolicy",
            "EC2::VPC",
            "EC2::Subnet",
            "EC2::RouteTable",
            "ECS::Cluster",
            "RDS::DBParameterGroup",
        ):
            assert not template.all(kind), f"{template.account} makes a {kind} although one is brought along"


def test_what_is_brought_along_is_what_the_services_read(brought: dict[str, Template]) -> None:
    document = _document(brought["production"])
    assert document["production_key"] == f"{OWN}2"
    assert document["share"]["key"] == f"{OWN}1"
    assert document["reports"] == "s3://our-bucket/runs"
    assert document["worker"]["cluster"] == "our-cluster"
    assert document["worker"]["subnets"] == ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    source = document["sources"]["${BillingName}"]
    assert source["policy"] == "s3://our-policies/snapveil/billing"
    assert source["temporary"]["parameter_group"] == "our-parameters"
    assert source["temporary"]["subnet_group"] == "${SubnetGroup}", "what is not brought along is made"
    target = _document(brought["development"])["targets"]["${BillingName}"]
    assert target["placement"]["subnet_group"] == "our-subnets"
    assert target["placement"]["security_groups"] == ["sg-0123456789abcdef1"]


def test_roles_may_use_what_is_brought_along(brought: dict[str, Template]) -> None:
    restore = json.dumps(brought["production"].resources["RestoreRole"])
    for own in (f"{OWN}2", f"{OWN}3", "our-parameters", "our-policies"):
        assert own in restore, own
    snapshot = json.dumps(brought["production"].resources["SnapshotRole"])
    assert f"{OWN}1" in snapshot
    assert "our-cluster" in json.dumps(brought["production"].resources["AnonymizeRole"])
    assert "our-subnets" in json.dumps(brought["development"].resources["ReceiverRole"])


def test_endpoints_of_the_vpc_are_used_instead_of_new_ones(brought: dict[str, Template]) -> None:
    production = brought["production"]
    assert not production.all("EC2::VPCEndpoint")
    egress = production.resources["DatabasesClientGroup"]["Properties"]["SecurityGroupEgress"]
    assert {"sg-0123456789abcdef0"} <= {
        rule.get("DestinationSecurityGroupId")
        for rule in egress
        if isinstance(rule.get("DestinationSecurityGroupId"), str)
    }
    assert not [
        rule for rule in production.all("EC2::SecurityGroupIngress").values() if rule["FromPort"] == 443
    ], "a group that is not ours is not changed"


def test_endpoints_are_added_to_a_vpc_of_ones_own_on_request(brought: dict[str, Template]) -> None:
    for endpoint in brought["development"].all("EC2::VPCEndpoint").values():
        assert endpoint["VpcId"] == "vpc-0123456789abcdef0"
        if endpoint["VpcEndpointType"] == "Gateway":
            assert endpoint["RouteTableIds"] == ["rtb-0123456789abcdef0"]
        else:
            assert len(endpoint["SubnetIds"]) == 2


def test_the_receiver_reaches_targets_in_a_group_of_ones_own(brought: dict[str, Template]) -> None:
    egress = brought["development"].resources["DatabasesClientGroup"]["Properties"]["SecurityGroupEgress"]
    assert (3306, "sg-0123456789abcdef1") in {
        (rule["FromPort"], rule["DestinationSecurityGroupId"])
        for rule in egress
        if isinstance(rule.get("DestinationSecurityGroupId"), str)
    }


def test_each_development_account_is_a_parameter(brought: dict[str, Template]) -> None:
    production = brought["production"]
    parameters = production.content["Parameters"]
    assert parameters["DevelopmentAccount"]["Default"] == "444444444444"
    assert parameters["DevelopmentAccount2"]["Default"] == "555555555555"
    assert len(production.resources["BusSend"]["Properties"]["Targets"]) == 2
    assert _document(production)["share"]["accounts"] == ["${DevelopmentAccount}", "${DevelopmentAccount2}"]


def test_without_subnets_to_make_there_is_no_network_at_all(without_network: Template) -> None:
    assert not [one for one in without_network.resources.values() if one["Type"].startswith("AWS::EC2::")]
    assert not without_network.all("RDS::DBSubnetGroup")
    document = _document(without_network)
    assert document["worker"]["security_groups"] == ["sg-0123456789abcdef0"]
    assert document["sources"]["${BillingName}"]["temporary"]["subnet_group"] == "our-subnets"


def test_with_many_sources_a_role_has_managed_policies_beside_its_own(without_network: Template) -> None:
    role = without_network.resources["RestoreRole"]["Properties"]
    assert role["ManagedPolicyArns"] == [{"Ref": "RestoreRoleMore1"}]
    beside = json.dumps(without_network.resources["RestoreRoleMore1"])
    own = json.dumps(role["Policies"])
    for source in _document(without_network)["sources"]:
        database = f'"{source[2:-5]}Database"'
        assert (database in beside) != (database in own), f"{database} stands in one of both"
    assert (
        without_network.resources["RestoreRoleMore1"]["Properties"]["ManagedPolicyName"]
        == "snapveil-restore-1"
    )


def test_databases_of_the_mysql_family_force_tls_and_their_scheduler_rests(without_network: Template) -> None:
    groups = without_network.all("RDS::DBClusterParameterGroup").values()
    assert len(groups) == 10
    for group in groups:
        assert group["Parameters"] == {
            "require_secure_transport": "ON",
            "event_scheduler": "OFF",
            "general_log": "0",
            "slow_query_log": "0",
            "binlog_format": "OFF",
        }


def test_a_brought_template_keeps_to_the_limits_of_aws(brought: dict[str, Template]) -> None:
    for template in brought.values():
        check(template.content)
        assert list(statements_in(template.content))


def _document(template: Template) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(template.one("SSM::Parameter")["Value"]["Fn::Sub"])
    return document
