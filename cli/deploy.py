"""`snapveil deploy`: from an operator's document to a running stack in its account; safe to run again."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment.account import ARTIFACTS, STACK, Operated, open_account, synthesize
from cli.deployment.artifacts import Shelf, Zips, artifacts_stack, gather_zips
from cli.deployment.changes import changes, parameters_of
from cli.deployment.images import Images, check_docker, check_pinned, worker_tag
from cli.deployment.policies import Policy, Shelves, read_policies
from cli.deployment.remaining import is_left_from_before
from cli.deployment.stacks import Stack, Stacks, Wanted
from cli.exits import FINE, INTERRUPTED, RunFailedError
from infra.artifacts.closure import BuildError
from shared.events import RefreshRequested, dump


@dataclass(frozen=True)
class Asked:
    """What the operator asked for."""

    policies: tuple[str, ...]
    worker_image: str | None
    zips: Path | None
    dry_run: bool


@click.command("deploy")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--policy",
    "policies",
    multiple=True,
    metavar="SOURCE=PATH",
    help="Publish a source's policy, like shop=policies/shop or es=policies/es.yaml; repeatable.",
)
@click.option(
    "--worker-image",
    metavar="REPOSITORY@SHA256:…",
    help="An image that is pushed already. Default: built with docker, unless ECR has it.",
)
@click.option(
    "--zips",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder of zips from `python -m infra.artifacts`. Default: they are built.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be done; nothing in AWS is changed.")
def command(
    document: Path, policies: tuple[str, ...], worker_image: str | None, zips: Path | None, dry_run: bool
) -> int:
    """Make or change the stack that DOCUMENT describes, in the account of the AWS_* environment."""
    try:
        deploy(document, Asked(policies, worker_image, zips, dry_run))
    except (BotoCoreError, ClientError, BuildError) as error:
        raise RunFailedError(f"{error}; what was done stands, and running the same again is safe") from None
    except KeyboardInterrupt:
        click.echo(f"\n{STACK}: what began goes on in CloudFormation; the same command follows it", err=True)
        return INTERRUPTED
    return FINE


def deploy(path: Path, asked: Asked) -> None:
    """Carry it out. Raises InputError before anything is changed, RunFailedError afterwards."""
    if asked.worker_image is not None:
        check_pinned(asked.worker_image)
    operated = open_account(path)
    policies = read_policies(asked.policies, operated)
    stacks = Stacks(operated.client("cloudformation"), click.echo)
    click.echo(f"{_kind(operated)} account {operated.number}, {operated.region}: stack {STACK} from {path}")
    template = synthesize(operated)
    zips = gather_zips(operated, asked.zips, Path("build/lambda"), click.echo)
    if asked.dry_run:
        _foretell(operated, stacks, template, zips, policies, asked.worker_image)
        return
    image = asked.worker_image or _pushed(operated, stacks.find(ARTIFACTS))
    if operated.is_production and image is None:
        check_docker()
    artifacts = stacks.apply(artifacts_stack(operated))
    if operated.is_production and image is None:
        image = _images(operated, artifacts).build(worker_tag())
    shelf = Shelf(operated, artifacts, click.echo)
    shelf.put_zips(zips)
    wanted = Wanted(
        name=STACK,
        template=shelf.template(template),
        parameters=parameters_of(template, _known(shelf.bucket, zips, image)),
        adopt=stacks.find(STACK) is None and is_left_from_before(operated),
    )
    _report(operated, stacks.apply(wanted), policies)


def _pushed(operated: Operated, artifacts: Stack | None) -> str | None:
    """Find the image of exactly these sources, if it was pushed before."""
    if artifacts is None or "Images" not in artifacts.outputs:
        return None
    return _images(operated, artifacts).find(worker_tag())


def _images(operated: Operated, artifacts: Stack) -> Images:
    return Images(operated.client("ecr"), artifacts.outputs["Images"], click.echo)


def _known(bucket: str, zips: Zips, image: str | None) -> dict[str, str]:
    known = {"CodeBucket": bucket, "CodePrefix": zips.prefix}
    return known if image is None else known | {"WorkerImage": image}


def _foretell(
    operated: Operated,
    stacks: Stacks,
    template: Mapping[str, Any],
    zips: Zips,
    policies: list[Policy],
    image: str | None,
) -> None:
    """Say what would be done, and change nothing."""
    stack, artifacts = stacks.find(STACK), stacks.find(ARTIFACTS)
    bucket = artifacts.outputs["Bucket"] if artifacts else f"{ARTIFACTS}-{operated.number}-{operated.region}"
    if artifacts is None:
        click.echo(f"would make stack {ARTIFACTS} with bucket {bucket}")
    image = image or _pushed(operated, artifacts)
    if operated.is_production and image is None:
        uri = f"{operated.number}.dkr.ecr.{operated.region}.amazonaws.com/snapveil-worker"
        click.echo(f"would build and push the worker's image as {uri}:{worker_tag()}")
        image = f"{uri}@sha256:(known once it is pushed)"
    for name in zips.files:
        click.echo(f"would upload {name} to s3://{bucket}/{zips.prefix}, unless it is there")
    parameters = parameters_of(template, _known(bucket, zips, image))
    click.echo("parameters:")
    for name, value in parameters.items():
        click.echo(f"  {name} = {value}")
    click.echo(f"would {'make' if stack is None else 'change'} stack {STACK}:")
    old, before = (stacks.template(STACK), stack.parameters) if stack else ({}, parameters)
    lines = list(changes(old, template, before, parameters))
    for line in lines or ["nothing"]:
        click.echo(f"  {line}")
    for policy in policies:
        click.echo(f"would publish the policy of {policy.source} ({len(policy.bundle.files)} files)")


def _report(operated: Operated, stack: Stack, policies: list[Policy]) -> None:
    """Publish policies, and say what there is now and what is to be done next."""
    missing: list[str] = []
    if operated.is_production:
        shelves = Shelves(operated)
        for policy in policies:
            place = shelves.publish(policy)
            click.echo(
                f"published the policy of {policy.source} to {place}"
                if place
                else f"the policy of {policy.source} is published already"
            )
        missing = shelves.without_policy()
    click.echo(f"\n{STACK}: {stack.status}")
    for name, value in sorted(stack.outputs.items()):
        click.echo(f"  {name}: {value}")
    click.echo("next:")
    for line in _next_steps(operated, stack.outputs, missing):
        click.echo(f"  - {line}")


def _next_steps(operated: Operated, outputs: Mapping[str, str], missing: list[str]) -> list[str]:
    other = "development" if operated.is_production else "production"
    steps = [
        f"{source} has no policy yet: snapveil deploy {operated.path} --policy {source}=FOLDER"
        for source in missing
    ]
    steps.append(
        f"if the {other} account is not deployed yet: snapveil deploy with its document and credentials"
    )
    if operated.is_production and "Requests" in outputs:
        request = RefreshRequested(source=operated.names[0], requested_by="operator")
        steps.append(
            "ask for a refresh by hand: aws sqs send-message"
            f" --region {operated.region} --queue-url {outputs['Requests']} --message-body '{dump(request)}'"
        )
    if operated.unscheduled:
        section = "sources" if operated.is_production else "targets"
        steps += [
            f"switch the schedule of {name} on: {section}.{name}.schedule.enabled: true, then deploy again"
            for name in operated.unscheduled
        ]
    steps.append("see runs: snapveil status")
    return steps


def _kind(operated: Operated) -> str:
    return "production" if operated.is_production else "development"
