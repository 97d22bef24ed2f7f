"""The estimate: sums that can be checked by hand, what makes them grow, and input that cannot be used."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.cost.alternatives import orchestration, permanent
from cli.cost.cases import LARGEST, gigabytes, sizes, usual_cases
from cli.cost.estimate import estimate
from cli.cost.model import Case, Line, fixed, hours_of, run, standing, total
from cli.cost.prices import read_prices
from cli.exits import InputError
from cli.main import main
from shared.database.port import Kind

PRICES = read_prices()
PRODUCTION, DEVELOPMENT = "examples/shop/production.yaml", "examples/shop/development.yaml"


def case(gb: float = 200, kind: Kind = Kind.INSTANCE, keep: int = 2, beside: bool = True) -> Case:
    return Case("shop", kind, gb, "db.r6g.large", "db.t4g.medium", kind, keep, beside)


def amount(lines: tuple[Line, ...], what: str) -> float:
    return {line.what: line.amount for line in lines}[what]


class TestByHand:
    """200 GB on a db.r6g.large: loaded at 200 GB/h, 40 % of it masked at 125, all verified at 400."""

    def test_the_hours_are_sizes_divided_by_speeds(self) -> None:
        hours = hours_of(case(), PRICES)
        assert hours.worker == pytest.approx(200 / 200 + 2 / 60 + 80 / 125 + 200 / 400)
        assert hours.billed == pytest.approx(2.1733 + 0.5667 + 0.6667 + 0.25, abs=1e-3)
        assert hours.temporary == pytest.approx(hours.billed + 20 / 60)
        assert hours.total == pytest.approx(3.99 + 0.6667 + 20 / 60 + 15 / 60, abs=1e-3)

    def test_the_temporary_database_is_its_hours_and_its_storage(self) -> None:
        lines = run(case(), PRICES)
        assert amount(lines, "temporary database") == pytest.approx(3.6567 * 0.225, abs=1e-4)
        assert amount(lines, "its storage") == pytest.approx(200 * 0.115 / 730 * 3.99, abs=1e-4)
        assert amount(lines, "Fargate worker") == pytest.approx(2.1733 * (0.04048 + 4 * 0.00445), abs=1e-4)

    def test_two_kept_copies_are_most_of_a_month(self) -> None:
        lines = standing(case(), PRICES)
        assert amount(lines, "development's copies") == pytest.approx(2 * 200 * 0.095)
        assert total(lines) == pytest.approx(38.81, abs=0.01)

    def test_a_month_is_the_runs_the_standing_costs_and_both_accounts(self) -> None:
        made = estimate((case(), case(20)), PRICES, runs=4)
        by_hand = 4 * made.per_run + sum(total(bill.standing) for bill in made.bills) + total(made.fixed)
        assert made.month == pytest.approx(by_hand)
        assert made.idle == pytest.approx(made.month - 4 * made.per_run)

    def test_aurora_pays_for_every_page_that_is_read_and_every_byte_of_log(self) -> None:
        pages, writes = 280 * 131072, 80 * 1.6 * 262144
        lines = run(case(kind=Kind.CLUSTER), PRICES)
        assert amount(lines, "its I/O") == pytest.approx((pages + writes) / 1e6 * 0.20)
        assert amount(lines, "its I/O") > total(lines) * 0.9

    def test_endpoints_are_paid_per_zone_and_not_at_all_if_the_network_has_them(self) -> None:
        assert total(fixed(PRICES, (2, 1))) - total(fixed(PRICES)) == pytest.approx(4 * 0.01 * 730)
        assert amount(fixed(PRICES, (0, 0)), "production's endpoints") == 0

    def test_waiting_costs_less_than_a_state_machine_does(self) -> None:
        waits = orchestration(case(), PRICES)
        assert waits.transitions == pytest.approx(25 + 3 * 60 * hours_of(case(), PRICES).total)
        assert waits.ours < waits.state_machine < waits.with_lambda

    def test_a_replica_that_never_stops_is_paid_for_every_hour(self) -> None:
        assert permanent(case(), PRICES) == pytest.approx(0.225 * 730 + 200 * 0.115)


SIZES = st.floats(1, LARGEST / 2)


@given(SIZES, st.floats(0.1, 10_000), st.sampled_from(list(Kind)))
def test_more_data_never_cost_less_or_take_less_time(gb: float, more: float, kind: Kind) -> None:
    small, large = case(gb, kind), case(gb + more, kind)
    assert total(run(small, PRICES)) < total(run(large, PRICES))
    assert total(standing(small, PRICES)) < total(standing(large, PRICES))
    assert hours_of(small, PRICES).total < hours_of(large, PRICES).total


@given(SIZES, st.integers(1, 19), st.sampled_from(list(Kind)))
def test_every_amount_is_explained_and_none_is_negative(gb: float, keep: int, kind: Kind) -> None:
    for line in (*run(case(gb, kind, keep), PRICES), *standing(case(gb, kind, keep), PRICES)):
        assert line.amount >= 0
        assert line.formula
    assert total(standing(case(gb, kind, keep), PRICES)) < total(standing(case(gb, kind, keep + 1), PRICES))


@given(st.floats(1, 200))
def test_even_the_smallest_database_is_paid_for_ten_minutes(gb: float) -> None:
    assert amount(run(case(gb), PRICES), "temporary database") >= 0.225 / 6


def test_a_target_that_is_deleted_first_never_stands_twice() -> None:
    assert amount(run(case(beside=False), PRICES), "target beside the old") == 0


class TestTemplates:
    """What stands in the accounts is counted in the templates that are deployed."""

    @staticmethod
    def resources(account: str, kind: str) -> list[dict[str, Any]]:
        template = json.loads(Path(f"infra/templates/{account}.json").read_text())
        return [one for one in template["Resources"].values() if one["Type"] == kind]

    @pytest.mark.parametrize("account", ["production", "development"])
    def test_endpoints_are_those_of_the_template(self, account: str) -> None:
        endpoints = self.resources(account, "AWS::EC2::VPCEndpoint")
        interfaces = [one for one in endpoints if one["Properties"]["VpcEndpointType"] == "Interface"]
        assert len(interfaces) == getattr(PRICES.assumptions, f"{account}_endpoints")

    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("AWS::KMS::Key", "keys"),
            ("AWS::CloudWatch::Dashboard", "dashboards"),
            ("AWS::Lambda::EventSourceMapping", "queues"),
        ],
    )
    def test_what_is_paid_by_the_month_is_all_counted(self, kind: str, name: str) -> None:
        found = [*self.resources("production", kind), *self.resources("development", kind)]
        assert len(found) == getattr(PRICES.assumptions, name)

    def test_alarms_are_those_of_both_accounts_and_of_each_source(self) -> None:
        kind = "AWS::CloudWatch::Alarm"
        found = [*self.resources("production", kind), *self.resources("development", kind)]
        assumed = PRICES.assumptions
        assert len(found) == assumed.alarms + 2 * assumed.source_alarms


class TestPrices:
    def test_every_price_says_where_it_is_from(self) -> None:
        named = {price.origin for price in PRICES.prices.values()}
        assert named | {classes.origin for classes in PRICES.instances.values()} <= set(PRICES.origins)

    def test_a_file_overrides_what_it_names_and_leaves_the_rest(self, tmp_path: Path) -> None:
        mine = tmp_path / "mine.yaml"
        mine.write_text(
            "prices: {instance_storage: 0.23}\n"
            "instances: {instance: {classes: {db.x2g.large: 0.377}}}\n"
            "speeds: {instance: {mask: {gb_per_hour: 250}}}\n"
            "assumptions: {masked_share: 1}\n"
        )
        prices = read_prices(mine)
        assert prices.of("instance_storage") == 0.23
        assert prices.of("cluster_storage") == PRICES.of("cluster_storage")
        assert prices.hour(Kind.INSTANCE, "db.x2g.large") == 0.377
        assert prices.speeds[Kind.INSTANCE].mask.hours(250) == pytest.approx(2 / 60 + 1)
        assert hours_of(case(), prices).worker == pytest.approx(1 + 2 / 60 + 200 / 250 + 0.5)

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("prices: {fargate_cpu: 1}", "prices.fargate_cpu: no such price; there are instance_storage"),
            ("prices: {fargate_vcpu: cheap}", "prices.fargate_vcpu: must be a mapping or a number"),
            ("prices: {fargate_vcpu: -1}", "prices.fargate_vcpu.price: Input should be greater"),
            ("speeds: {instance: {mask: {gb_per_hour: 0}}}", "mask.gb_per_hour: Input should be greater"),
            ("currency", "must be a mapping"),
            ("a: [", "no YAML"),
        ],
    )
    def test_a_file_that_cannot_be_used_is_refused_with_its_place(
        self, tmp_path: Path, text: str, complaint: str
    ) -> None:
        mine = tmp_path / "mine.yaml"
        mine.write_text(text)
        with pytest.raises(InputError) as refused:
            read_prices(mine)
        assert complaint in str(refused.value)
        assert str(refused.value).startswith(str(mine))

    def test_a_size_of_a_family_is_a_multiple_of_its_large(self) -> None:
        assert PRICES.hour(Kind.INSTANCE, "db.r6g.4xlarge") == pytest.approx(8 * 0.225)

    def test_an_unknown_class_says_how_to_add_it(self) -> None:
        with pytest.raises(InputError, match=r"no price for db\.z9\.large.*add it with --prices"):
            PRICES.hour(Kind.CLUSTER, "db.z9.large")


class TestSizes:
    @pytest.mark.parametrize(("text", "gb"), [("200GB", 200), ("2TB", 2048), ("1.5 TB", 1536), ("20gib", 20)])
    def test_a_size_is_a_number_and_a_unit(self, text: str, gb: float) -> None:
        assert gigabytes(text) == gb

    @pytest.mark.parametrize("text", ["200", "GB", "-5GB", "0GB", "1e3GB", "200TB", "shop=GB", "twenty"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(InputError, match="write a size"):
            sizes([text])

    def test_one_size_is_for_all_and_others_are_for_one_source(self) -> None:
        assert sizes(["200GB", "shop=2TB"]) == {"": 200, "shop": 2048}


class TestCommand:
    def test_without_a_document_the_usual_sizes_are_estimated(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["estimate", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert [source["size_gb"] for source in told["sources"]] == [20, 200, 2048]

    def test_a_table_holds_every_line_of_the_bill(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["estimate", "--explain"]) == 0
        told = capsys.readouterr().out
        for line in (*run(usual_cases(Kind.INSTANCE)[1], PRICES), *fixed(PRICES)):
            assert line.what in told

    def test_documents_give_sources_classes_and_copies(self, capsys: pytest.CaptureFixture[str]) -> None:
        given_sizes = ["--size", "200GB", "--size", "shop-aurora=2TB"]
        code = main(
            ["estimate", "--config", PRODUCTION, "--development", DEVELOPMENT, *given_sizes, "--json"]
        )
        told = json.loads(capsys.readouterr().out)
        sources = {one["source"]: (one["kind"], one["size_gb"]) for one in told["sources"]}
        assert code == 0
        assert sources == {"shop": ("instance", 200), "shop-aurora": ("cluster", 2048)}
        assert (
            told["total"]["per_month"]
            > told["total"]["idle_per_month"]
            > told["sources"][0]["idle_per_month"]
        )

    @pytest.mark.parametrize(
        ("arguments", "complaint"),
        [
            (["--config", "nowhere.yaml"], "nowhere.yaml: No such file or directory"),
            (["--config", DEVELOPMENT], f"{DEVELOPMENT}: "),
            (
                ["--config", PRODUCTION, "--size", "shoes=1TB"],
                "has no such source (it has shop, shop-aurora)",
            ),
            (["--config", PRODUCTION, "--size", "big"], "write a size from 1GB to 128TB"),
            (["--config", PRODUCTION, "--kind", "cluster"], "a document says the kind of each source"),
            (["--size", "1GB"], "--size goes with --config"),
            (["--runs-per-month", "-1"], "write a number from 0 to 3000"),
            (["--runs-per-month", "nan"], "write a number from 0 to 3000"),
            (["--prices", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file"),
        ],
    )
    def test_input_that_cannot_be_used_is_one_line_and_exit_code_2(
        self, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
    ) -> None:
        assert main(["estimate", *arguments]) == 2
        told = capsys.readouterr()
        assert complaint in told.err
        assert told.out == ""
        assert len(told.err.splitlines()) == 1
