"""The worker: masks a temporary database. Of AWS it needs password, policy, ledger and report."""

from infra.permissions import stages
from infra.permissions.place import REPORTS, Production
from infra.permissions.restore import SECRETS, policies
from infra.permissions.statements import Document, Role, Statement, arn, below, trusts

_BY_ECS = "ECS itself does it before the container starts; the embedded cloud pulls no image"


def role(place: Production) -> Role:
    """Return the role of the worker's container."""
    return Role(
        name="snapveil-worker",
        description="Masks and verifies a temporary database; the only role that reads its password.",
        trust=_trust(),
        statements=(
            Statement("ReadPassword", ("secretsmanager:GetSecretValue",), (SECRETS,)),
            Statement(
                "ReadMaskKey",
                ("secretsmanager:GetSecretValue",),
                (arn("secretsmanager", "secret:snapveil-mask-key-*"),),
                reserved="only where a policy says `key: {secret: …}`; the recorded runs forget their keys",
            ),
            *stages.read_policies(policies(place)),
            Statement("WriteReport", ("s3:PutObject",), (below(place.bucket, f"{REPORTS}/*"),)),
            Statement(
                "TellLedger",
                ("dynamodb:PutItem",),
                (stages.TABLE,),
                {
                    "ForAllValues:StringLike": {stages.KEYS: [stages.WORKERS]},
                    "Null": {stages.KEYS: "false"},
                },
            ),
        ),
    )


def execution(place: Production) -> Role:
    """Return the role with which ECS starts the container: its image and its log, and nothing else."""
    return Role(
        name="snapveil-worker-execution",
        description="Lets ECS pull the worker's image and write its log.",
        trust=_trust(),
        statements=(
            Statement(
                "LogInToRegistry",
                ("ecr:GetAuthorizationToken",),
                ("*",),
                why="a token is for the whole registry; ECR has no resource level for it",
                reserved=_BY_ECS,
            ),
            Statement(
                "PullImage",
                ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
                (place.image_repository,),
                reserved=_BY_ECS,
            ),
            Statement(
                "WriteLog",
                ("logs:CreateLogStream", "logs:PutLogEvents"),
                (arn("logs", "log-group:/snapveil/worker:*"),),
                reserved=_BY_ECS,
            ),
        ),
    )


def _trust() -> tuple[Document, ...]:
    tasks = arn("ecs", "*")
    return (trusts("ecs-tasks.amazonaws.com", {"ArnLike": {"aws:SourceArn": tasks}}),)
