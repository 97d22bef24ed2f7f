"""The kept templates, which people without the CDK deploy and the embedded cloud applies."""

import json

from infra.kept import FOLDER, differing, text
from tests.infra.stacks.reading import Template, references


def test_the_kept_templates_are_what_the_code_makes(examples: dict[str, Template]) -> None:
    made = {account: template.content for account, template in examples.items()}
    old = [path.name for path in differing(made)]
    assert not old, f"infra/ has changed: run `python -m infra.synthesis` and commit {', '.join(old)}"


def test_a_changed_template_is_noticed(examples: dict[str, Template]) -> None:
    content = examples["development"].content
    assert [path.name for path in differing({"development": {**content, "Outputs": {}}})] == [
        "development.json"
    ]


def test_a_kept_template_reads_the_same_whatever_order_it_was_made_in() -> None:
    content = json.loads((FOLDER / "production.json").read_text())
    assert text(dict(reversed(content.items()))) == text(content)


def test_nothing_is_looked_up_built_or_run_at_deployment(template: Template) -> None:
    kinds = {resource["Type"] for resource in template.resources.values()}
    assert not [
        kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::", "AWS::CDK::"))
    ]
    assert "BootstrapVersion" not in template.content["Parameters"]
    assert "Rules" not in template.content
    assert "aws:asset" not in json.dumps(template.content)


def test_only_where_the_code_and_the_image_lie_must_be_said(template: Template) -> None:
    needed = {name for name, one in template.content["Parameters"].items() if "Default" not in one}
    images = {"WorkerImage"} if template.account == "production" else set()
    assert needed == {"CodeBucket", "CodePrefix"} | images


def test_each_source_has_its_own_resources_and_they_name_no_other_source(template: Template) -> None:
    sources = template.content["Metadata"]["snapveil"]["sources"]
    parameters = template.content["Parameters"]
    owner = {
        name: source
        for source, one in sources.items()
        for name in parameters
        if name in {one["prefix"] + suffix for suffix in _SUFFIXES}
    }
    per_source: dict[str, set[str]] = {source: set() for source in sources}
    for name, resource in template.resources.items():
        if resource["Type"] in {"AWS::SSM::Parameter", "AWS::IAM::Role"}:
            continue  # the document and lists of resources, which name every source
        owners = {owner[one] for one in references(resource) if one in owner}
        assert len(owners) <= 1, f"{name} is about {owners}"
        for source in owners:
            per_source[source].add(name.removeprefix(sources[source]["prefix"]))
    shapes = {frozenset(names) for names in per_source.values()}
    assert len(shapes) == 1, "every source has the same resources"
    assert {"Refresh", "ParameterGroup"} <= next(iter(shapes))


_SUFFIXES = ("Name", "Database", "Family", "ScheduleExpression", "ScheduleTimeZone", "ScheduleState")


def test_every_parameter_of_a_template_is_used(template: Template) -> None:
    used = references(template.content["Resources"]) | references(template.content["Conditions"])
    assert set(template.content["Parameters"]) <= used


def test_the_other_account_is_a_parameter_and_no_account_is_written_down(template: Template) -> None:
    resources = json.dumps(template.content["Resources"])
    for account in ("111111111111", "222222222222"):
        assert account not in resources
    other = "DevelopmentAccount" if template.account == "production" else "ProductionAccount"
    assert other in template.content["Parameters"]
