"""Several targets of one source: each has its schedule, and roles may give no other tags than theirs."""

import json

from tests.infra.stacks.reading import Template, statements_in


def test_each_target_is_looked_at_by_a_schedule_of_its_own(brought: dict[str, Template]) -> None:
    development = brought["development"]
    asked = {
        name: json.loads(schedule["Target"]["Input"]["Fn::Sub"])
        for name, schedule in development.all("Scheduler::Schedule").items()
        if name.endswith("Refresh")
    }
    assert {name: (one["source"], one["target"]) for name, one in asked.items()} == {
        "BillingRefresh": ("${BillingName}", "${BillingName}"),
        "AnalystsRefresh": ("${AnalystsSource}", "${AnalystsName}"),
    }
    parameters = development.content["Parameters"]
    assert parameters["AnalystsSource"]["Default"] == "billing"
    assert "BillingSource" not in parameters, "it bears the data of the source of its name"


def test_the_services_read_whose_data_a_target_bears(brought: dict[str, Template]) -> None:
    (value,) = (
        one["Value"]["Fn::Sub"]
        for one in brought["development"].all("SSM::Parameter").values()
        if "copy_key" in str(one["Value"])
    )
    targets = json.loads(value)["targets"]
    assert targets["${AnalystsName}"]["source"] == "${AnalystsSource}"
    assert targets["${AnalystsName}"]["tags"] == {"team": "analysts", "Cost center": "7"}
    assert "source" not in targets["${BillingName}"]


def test_the_receiver_may_give_the_documents_tags_and_nobody_else_may(brought: dict[str, Template]) -> None:
    own = ["snapveil:run-id", "snapveil:source", "snapveil:edition"]
    for template in brought.values():
        for name, resource in template.resources.items():
            for statement in statements_in(resource.get("Properties", {})):
                keys = statement.get("Condition", {}).get("ForAllValues:StringEquals", {}).get("aws:TagKeys")
                if keys is not None and name == "ReceiverRole":
                    assert keys == [*own, "Cost center", "team"]
                elif keys is not None:
                    assert set(keys) <= set(own), name
