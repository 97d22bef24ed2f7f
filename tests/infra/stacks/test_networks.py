"""What can reach what: databases admit one client, and nothing has a way out."""

from tests.infra.stacks.reading import Properties, Template


def test_databases_are_in_subnets_without_a_way_out(template: Template) -> None:
    assert not template.all("EC2::InternetGateway")
    assert not template.all("EC2::NatGateway")
    assert not template.all("EC2::Route")
    group = template.one("RDS::DBSubnetGroup")
    assert [one["Ref"] for one in group["SubnetIds"]] == list(template.all("EC2::Subnet"))
    zones = [subnet["AvailabilityZone"]["Fn::Select"][0] for subnet in template.all("EC2::Subnet").values()]
    assert zones == [0, 1]
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in template.all("EC2::Subnet").values())


def test_temporary_databases_admit_only_the_worker(production: Template) -> None:
    (rule,) = _admitted_to(production, "DatabasesGroup")
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": ["DatabasesClientGroup", "GroupId"]}
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (5432, 5432, "tcp")


def test_targets_admit_the_receiver_and_whom_the_document_names(development: Template) -> None:
    sources = [
        rule.get("CidrIp") or rule["SourceSecurityGroupId"]["Fn::GetAtt"][0]
        for rule in _admitted_to(development, "DatabasesGroup")
    ]
    assert sources == ["DatabasesClientGroup", "10.0.0.0/16"]


def test_the_client_reaches_databases_and_endpoints_and_nothing_else(template: Template) -> None:
    rules = template.resources["DatabasesClientGroup"]["Properties"]["SecurityGroupEgress"]
    reached = [
        (
            rule["FromPort"],
            rule.get("DestinationPrefixListId", rule.get("DestinationSecurityGroupId")),
        )
        for rule in rules
    ]
    lists = (
        ["S3PrefixList", "DynamoDBPrefixList"] if template.account == "production" else ["DynamoDBPrefixList"]
    )
    assert reached == [
        (5432, {"Fn::GetAtt": ["DatabasesGroup", "GroupId"]}),
        (443, {"Fn::GetAtt": ["NetworkEndpointGroup", "GroupId"]}),
        *((443, {"Ref": name}) for name in lists),
    ]


def test_databases_and_endpoints_reach_nobody(template: Template) -> None:
    for name in ("DatabasesGroup", "NetworkEndpointGroup"):
        (rule,) = template.resources[name]["Properties"]["SecurityGroupEgress"]
        assert rule["CidrIp"] == "127.0.0.1/32"


def test_no_group_admits_the_world_or_all_ports(template: Template) -> None:
    for rule in template.all("EC2::SecurityGroupIngress").values():
        assert rule["IpProtocol"] == "tcp"
        assert rule["FromPort"] == rule["ToPort"]
        assert not rule.get("CidrIp", "").endswith("/0")
    assert not any("SecurityGroupIngress" in group for group in template.all("EC2::SecurityGroup").values())


def test_there_are_the_endpoints_that_are_needed_and_no_others(examples: dict[str, Template]) -> None:
    made = {account: sorted(_endpoints(template)) for account, template in examples.items()}
    assert made == {
        "production": ["dynamodb", "ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager"],
        "development": ["dynamodb", "events", "kms", "rds", "secretsmanager", "sqs", "ssm"],
    }


def test_an_endpoint_lets_only_this_account_through(template: Template) -> None:
    for name, endpoint in template.all("EC2::VPCEndpoint").items():
        for statement in endpoint["PolicyDocument"]["Statement"]:
            if statement["Sid"] == "ImageLayers":
                assert statement["Action"] == "s3:GetObject"
                continue
            assert statement["Condition"] == {
                "StringEquals": {"aws:PrincipalAccount": {"Ref": "AWS::AccountId"}}
            }, name
            assert "*" not in statement["Action"] or statement["Action"] != "*"


def test_interface_endpoints_answer_by_their_usual_names_in_one_zone(template: Template) -> None:
    for endpoint in template.all("EC2::VPCEndpoint").values():
        if endpoint["VpcEndpointType"] == "Interface":
            assert endpoint["PrivateDnsEnabled"] is True
            assert len(endpoint["SubnetIds"]) == 1


def test_the_receiver_stands_in_the_network_of_its_targets(development: Template) -> None:
    place = development.one("Lambda::Function")["VpcConfig"]
    assert place["SubnetIds"] == development.one("RDS::DBSubnetGroup")["SubnetIds"]
    assert place["SecurityGroupIds"] == [{"Fn::GetAtt": ["DatabasesClientGroup", "GroupId"]}]


def test_no_function_of_production_reaches_a_database(production: Template) -> None:
    assert not any("VpcConfig" in one for one in production.all("Lambda::Function").values())


def test_temporary_databases_force_tls_log_no_statement_and_have_logs_of_known_length(
    production: Template,
) -> None:
    instance = production.one("RDS::DBParameterGroup")
    cluster = production.one("RDS::DBClusterParameterGroup")
    assert cluster["Parameters"] == {
        "rds.force_ssl": "1",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_min_error_statement": "panic",
        "shared_preload_libraries": "pg_stat_statements",
    }
    assert instance["Parameters"] == {**cluster["Parameters"], "max_wal_size": "2048", "min_wal_size": "192"}


def test_targets_force_tls(development: Template) -> None:
    groups = development.all("RDS::DBParameterGroup") | development.all("RDS::DBClusterParameterGroup")
    assert [group["Parameters"] for group in groups.values()] == [{"rds.force_ssl": "1"}] * 2


def test_the_worker_is_nobody_on_a_read_only_disk_and_is_told_no_secret(production: Template) -> None:
    task = production.one("ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    assert container["ReadonlyRootFilesystem"] is True
    assert container["User"] == "10001:10001"
    assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert [(one["ContainerPath"], one["ReadOnly"]) for one in container["MountPoints"]] == [("/tmp", False)]  # noqa: S108
    assert "Secrets" not in container
    assert "Environment" not in container
    assert (task["NetworkMode"], task["Cpu"], task["Memory"]) == ("awsvpc", "1024", "4096")
    assert task["RequiresCompatibilities"] == ["FARGATE"]
    assert container["Image"] == {"Ref": "WorkerImage"}
    assert "@sha256:" in production.content["Parameters"]["WorkerImage"]["AllowedPattern"]


def _admitted_to(template: Template, group: str) -> list[Properties]:
    return [
        rule
        for rule in template.all("EC2::SecurityGroupIngress").values()
        if rule["GroupId"] == {"Fn::GetAtt": [group, "GroupId"]}
    ]


def _endpoints(template: Template) -> list[str]:
    return [
        endpoint["ServiceName"]["Fn::Sub"].removeprefix("com.amazonaws.${AWS::Region}.")
        for endpoint in template.all("EC2::VPCEndpoint").values()
    ]
