"""Templates for other sources: each source's own is there once, and nothing of the prototypes is left."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.stacks import Template, TemplateError
from local.stacks.references import references
from local.stacks.repetition import Wanted, repeated
from local.stacks.resolution import Scope
from local.templates import kept
from tests.local.declarations import simple

PROTOTYPES = {
    "shop": {"prefix": "Shop", "kind": "instance"},
    "shop-aurora": {"prefix": "ShopAurora", "kind": "cluster"},
}
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,6}(-[a-z][a-z0-9]{0,6}){0,2}", fullmatch=True)
SOURCES = st.dictionaries(NAMES, st.sampled_from(["instance", "cluster"]), min_size=1, max_size=5).map(
    lambda found: tuple(Wanted(name, kind) for name, kind in found.items())
)


def template(resources: dict[str, Any], **sections: Any) -> dict[str, Any]:
    parameters = {
        f"{one['prefix']}{word}": {"Type": "String", "Default": name}
        for name, one in PROTOTYPES.items()
        for word in ("Name", "Database")
    }
    return simple(
        resources, Parameters=parameters, Metadata={"snapveil": {"sources": PROTOTYPES}}, **sections
    )


def resolved(written: dict[str, Any], resource: str) -> Any:
    """A resource's properties, its parameters standing for themselves and resources for their logical id."""
    parsed = Template(written)
    scope = Scope({name: f"<{name}>" for name in parsed.parameters}, {}, known=lambda name, _: name)
    return scope.resolve(parsed.resources[resource].properties)


GROUP = {"Type": "AWS::RDS::DBParameterGroup", "Properties": {"Family": {"Ref": "ShopName"}}}
CLUSTER_GROUP = {
    "Type": "AWS::RDS::DBClusterParameterGroup",
    "Properties": {"Family": {"Ref": "ShopAuroraName"}},
}
TWO = (Wanted("fr", "instance"), Wanted("es", "cluster"), Wanted("be-nl", "instance"))


def test_a_resource_is_repeated_for_every_source_of_its_prototypes_kind() -> None:
    written = repeated(template({"ShopGroup": GROUP, "ShopAuroraGroup": CLUSTER_GROUP}), TWO)
    assert {name: one["Type"] for name, one in written["Resources"].items()} == {
        "FrGroup": "AWS::RDS::DBParameterGroup",
        "BeNlGroup": "AWS::RDS::DBParameterGroup",
        "EsGroup": "AWS::RDS::DBClusterParameterGroup",
    }
    assert resolved(written, "BeNlGroup") == {"Family": "<BeNlName>"}
    assert set(written["Parameters"]) == {
        f"{prefix}{word}" for prefix in ("Fr", "Es", "BeNl") for word in ("Name", "Database")
    }
    assert written["Metadata"]["snapveil"]["sources"]["be-nl"] == {"prefix": "BeNl", "kind": "instance"}


def test_an_element_of_a_list_is_repeated_where_it_stands() -> None:
    listed = ["first", {"Fn::Sub": "arn:${ShopDatabase}"}, {"Ref": "ShopAuroraDatabase"}, "last"]
    written = repeated(template({"R": {"Type": "T", "Properties": {"Of": {"List": listed}}}}), TWO)
    assert resolved(written, "R") == {
        "Of": {"List": ["first", "arn:<FrDatabase>", "arn:<BeNlDatabase>", "<EsDatabase>", "last"]}
    }


def test_a_statement_that_names_a_source_outside_of_its_lists_is_repeated_as_a_whole() -> None:
    statement = {"Sid": {"Fn::Sub": "Of${ShopName}"}, "Resource": [{"Ref": "ShopDatabase"}, "*"]}
    written = repeated(template({"R": {"Type": "T", "Properties": {"Statement": [statement]}}}), TWO)
    assert resolved(written, "R")["Statement"] == [
        {"Sid": "Of<FrName>", "Resource": ["<FrDatabase>", "*"]},
        {"Sid": "Of<BeNlName>", "Resource": ["<BeNlDatabase>", "*"]},
    ]


def test_what_refers_to_a_sources_resource_is_the_sources_too() -> None:
    written = repeated(
        template(
            {
                "ShopGroup": GROUP,
                "Alarm": {"Type": "T", "Properties": {"Group": {"Ref": "ShopGroup"}}},
                "All": {
                    "Type": "T",
                    "Properties": {"Groups": [{"Ref": "ShopGroup"}]},
                    "DependsOn": ["ShopGroup"],
                },
            },
            Outputs={"ShopOutput": {"Value": {"Ref": "ShopGroup"}}},
        ),
        TWO,
    )
    assert resolved(written, "AlarmOfFr") == {"Group": "FrGroup"}
    assert resolved(written, "All") == {"Groups": ["FrGroup", "BeNlGroup"]}
    assert written["Resources"]["All"]["DependsOn"] == ["FrGroup", "BeNlGroup"]
    assert set(written["Outputs"]) == {"FrOutput", "BeNlOutput"}


def test_the_arguments_of_a_function_are_no_list() -> None:
    joined = {"Fn::Join": ["/", ["a", {"Ref": "ShopName"}]]}
    written = repeated(template({"R": {"Type": "T", "Properties": {"All": [joined]}}}), TWO)
    assert resolved(written, "R") == {"All": ["a/<FrName>", "a/<BeNlName>"]}


@pytest.mark.parametrize("joined", [True, False], ids=["Fn::Join", "Fn::Sub"])
def test_in_json_text_the_entries_of_sources_are_repeated(joined: bool) -> None:
    text: dict[str, Any] = {
        "Fn::Sub": '{"at":"x","sources":{"${ShopName}":{"db":"${ShopDatabase}","group":"${ShopGroup}"},'
        '"${ShopAuroraName}":{"db":"${ShopAuroraDatabase}"}},"all":["${ShopName}"]}'
    }
    if joined:
        text = {"Fn::Join": ["", ['{"at":"x","sources":{"', {"Ref": "ShopName"}, '":{"db":"']]}
        text["Fn::Join"][1] += [{"Ref": "ShopDatabase"}, '","group":"', {"Ref": "ShopGroup"}, '"},"']
        text["Fn::Join"][1] += [{"Ref": "ShopAuroraName"}, '":{"db":"', {"Fn::Sub": "${ShopAuroraDatabase}"}]
        text["Fn::Join"][1] += ['"}},"all":["', {"Ref": "ShopName"}, '"]}']
    written = repeated(
        template({"ShopGroup": GROUP, "Document": {"Type": "T", "Properties": {"Value": text}}}), TWO
    )
    assert json.loads(resolved(written, "Document")["Value"]) == {
        "at": "x",
        "sources": {
            "<FrName>": {"db": "<FrDatabase>", "group": "FrGroup"},
            "<BeNlName>": {"db": "<BeNlDatabase>", "group": "BeNlGroup"},
            "<EsName>": {"db": "<EsDatabase>"},
        },
        "all": ["<FrName>", "<BeNlName>"],
    }


@pytest.mark.parametrize(
    ("resources", "sources", "why"),
    [
        (
            {"R": {"Type": "T", "Properties": {"A": {"Ref": "ShopName"}, "B": {"Ref": "ShopAuroraName"}}}},
            TWO,
            "Resources/R belongs to shop and shop-aurora at once",
        ),
        ({"ShopGroup": GROUP, "FrGroup": {"Type": "T"}}, TWO, "Resources/FrGroup: source fr has the name"),
        ({"ShopGroup": GROUP}, (Wanted("a1", "instance"), Wanted("a-1", "instance")), "both are A1"),
        ({"ShopGroup": GROUP}, (Wanted("a", "mainframe"),), "source a: the template has no source of kind"),
    ],
)
def test_what_cannot_be_repeated_is_named(
    resources: dict[str, Any], sources: tuple[Wanted, ...], why: str
) -> None:
    with pytest.raises(TemplateError, match=why):
        repeated(template(resources), sources)


def test_a_template_that_names_no_sources_is_refused() -> None:
    with pytest.raises(TemplateError, match=r"Metadata\.snapveil\.sources"):
        repeated(simple({"ShopGroup": GROUP}), TWO)


def distinct(sources: tuple[Wanted, ...]) -> bool:
    return len({source.prefix for source in sources}) == len(sources)


@given(SOURCES.filter(distinct), st.sampled_from(["production", "development"]))
def test_the_kept_templates_can_be_repeated_for_any_sources(
    sources: tuple[Wanted, ...], account: str
) -> None:
    original = kept()[account]
    before = json.dumps(original)
    written = repeated(original, sources)
    assert json.dumps(original) == before
    parsed = Template(written)  # every reference leads somewhere, or it could not be read
    for source in sources:
        mentioned = {
            resource.logical_id
            for resource in parsed.resources.values()
            if f"{source.prefix}Name" in references(resource.properties)
        }
        assert f"{source.prefix}Refresh" in mentioned
        assert "Configuration" in mentioned
    refreshes = [one for one in parsed.resources.values() if one.logical_id.endswith("Refresh")]
    assert len(refreshes) == len(sources)


@given(st.permutations(["shop", "shop-aurora"]))
def test_a_template_repeated_for_its_own_sources_stays_what_it_was(names: list[str]) -> None:
    kinds = {"shop": "instance", "shop-aurora": "cluster"}
    for original in kept().values():
        written = repeated(original, tuple(Wanted(name, kinds[name]) for name in names))
        for section in ("Parameters", "Resources", "Outputs", "Conditions"):
            assert set(written[section]) == set(original[section])
        scope = Scope({name: f"<{name}>" for name in original["Parameters"]}, PSEUDO, known=known)
        for name, resource in original["Resources"].items():
            properties = [
                scope.resolve(one.get("Properties", {})) for one in (resource, written["Resources"][name])
            ]
            assert _normal(properties[0]) == _normal(properties[1])


PSEUDO = {
    f"AWS::{name}": f"<{name}>" for name in ("AccountId", "Partition", "Region", "StackName", "URLSuffix")
}


def known(name: str, attribute: str | None) -> str:
    return f"{name}.{attribute}"


def _normal(properties: Any) -> Any:
    """Properties without the order of sources and the spaces of JSON."""
    if isinstance(properties, dict):
        return {key: _normal(value) for key, value in properties.items()}
    if isinstance(properties, list):
        return sorted((json.dumps(_normal(one), sort_keys=True) for one in properties), key=str)
    if isinstance(properties, str) and properties.startswith("{"):
        return _normal(json.loads(properties))
    return properties
