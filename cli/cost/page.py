"""The figures of docs/cost.md: `python -m cli.cost.page` writes them anew between the page's marks."""

import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cli.cost.alternatives import orchestration, permanent
from cli.cost.cases import usual_cases
from cli.cost.estimate import estimate
from cli.cost.model import Case, Line, fixed, hours_of, run, standing, total
from cli.cost.prices import PriceList, read_prices
from shared.database.port import Kind

PAGE = Path(__file__).parents[2] / "docs" / "cost.md"
WEEKLY = 4.33
_BLOCK = re.compile(r"(<!-- figures: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_OPTIMIZED = {"cluster_io": 0.0, "cluster_storage": 0.225}  # and instances cost 30 % more
_DEARER = 1.3


def written(page: str, prices: PriceList) -> str:
    """Return the page with today's figures. Raises KeyError for a mark that names no figures."""
    return _BLOCK.sub(lambda match: f"{match[1]}{_FIGURES[match['name']](prices)}{match[3]}", page)


def _one_run(kind: Kind) -> Callable[[PriceList], str]:
    def figures(prices: PriceList) -> str:
        cases = usual_cases(kind)
        hours = [hours_of(case, prices) for case in cases]
        bills = [run(case, prices) for case in cases]
        rows = [
            ["instance class", *(case.temporary_class for case in cases)],
            ["the temporary database lives", *(f"{each.temporary:.1f} h" for each in hours)],
            ["until the target is replaced", *(f"{each.total:.1f} h" for each in hours)],
            *_by_line(bills),
            ["**one run**", *(f"**{_dollars(total(bill))}**" for bill in bills)],
        ]
        return _table(["", *(case.name for case in cases)], rows)

    return figures


def _by_line(bills: Sequence[tuple[Line, ...]]) -> Iterable[list[str]]:
    for lines in zip(*bills, strict=True):
        yield [lines[0].what, *(_dollars(line.amount) for line in lines)]


def _months(prices: PriceList) -> str:
    rows = []
    for kind in Kind:
        for case in usual_cases(kind):
            once, idle = total(run(case, prices)), total(standing(case, prices))
            rows.append(
                [
                    f"{case.name}, {kind}",
                    _dollars(once),
                    _dollars(WEEKLY * once),
                    _dollars(idle),
                    _dollars(WEEKLY * once + idle),
                ]
            )
    return _table(["source", "one run", "4.33 runs", "standing still", "month"], rows)


def _accounts(prices: PriceList) -> str:
    lines = fixed(prices)
    rows = [[line.what, line.formula, _dollars(line.amount)] for line in lines]
    return _table(
        ["both accounts, a month", "is", ""], [*rows, ["**sum**", "", f"**{_dollars(total(lines))}**"]]
    )


def _many(prices: PriceList) -> str:
    rows = []
    for number in (1, 2, 5, 10, 20):
        made = estimate(usual_cases(Kind.INSTANCE)[1:2] * number, prices, WEEKLY)
        rows.append(
            [
                f"{number}",
                _dollars(made.per_run),
                _dollars(made.month),
                _dollars(made.month / number),
                _dollars(made.idle),
            ]
        )
    return _table(["sources of 200 GB", "one run of each", "month", "per source", "idle month"], rows)


def _instead(prices: PriceList) -> str:
    rows = []
    for case in usual_cases(Kind.INSTANCE):
        waits = orchestration(case, prices)
        rows.append(
            [
                case.name,
                _dollars(waits.ours),
                f"{waits.transitions:.0f}",
                _dollars(waits.state_machine),
                _dollars(waits.with_lambda),
            ]
        )
    return _table(
        ["one run", "our messages", "transitions", "Step Functions", "with a Lambda that looks"], rows
    )


def _kept(prices: PriceList) -> str:
    rows = []
    for kind in Kind:
        for case in usual_cases(kind):
            month = WEEKLY * total(run(case, prices)) + total(standing(case, prices))
            rows.append(
                [
                    f"{case.name}, {kind}",
                    _dollars(month),
                    _dollars(permanent(case, prices)),
                ]
            )
    return _table(["a month", "Snapveil", "a replica, or a forgotten database"], rows)


def _levers(prices: PriceList) -> str:
    instance, cluster = usual_cases(Kind.INSTANCE)[1], usual_cases(Kind.CLUSTER)[1]
    rows = [
        ["as above", _month(instance, prices), _month(cluster, prices)],
        ["`keep: 1`", *(_month(replace(case, keep=1), prices) for case in (instance, cluster))],
        [
            "`replace: delete_first`",
            *(_month(replace(case, beside=False), prices) for case in (instance, cluster)),
        ],
        ["temporary database on db.t4g.large", *_with_class(instance, cluster, "db.t4g.large", prices)],
        ["temporary database on db.r6g.2xlarge", *_with_class(instance, cluster, "db.r6g.2xlarge", prices)],
        ["Aurora I/O-Optimized", "–", _month(cluster, _optimized(prices))],
        ["every two weeks", *(_month(case, prices, WEEKLY / 2) for case in (instance, cluster))],
    ]
    return _table(["200 GB, a month", "instance", "Aurora"], rows)


def _optimized(prices: PriceList) -> PriceList:
    """Return the prices of Aurora I/O-Optimized in place of Standard's."""
    changed = {
        name: prices.prices[name].model_copy(update={"price": price}) for name, price in _OPTIMIZED.items()
    }
    classes = prices.instances[Kind.CLUSTER]
    dearer = classes.model_copy(
        update={
            "large": {name: price * _DEARER for name, price in classes.large.items()},
            "classes": {name: price * _DEARER for name, price in classes.classes.items()},
        }
    )
    return prices.model_copy(
        update={"prices": prices.prices | changed, "instances": prices.instances | {Kind.CLUSTER: dearer}}
    )


def _with_class(instance: Case, cluster: Case, name: str, prices: PriceList) -> list[str]:
    return [_month(replace(case, temporary_class=name), prices) for case in (instance, cluster)]


def _month(case: Case, prices: PriceList, runs: float = WEEKLY) -> str:
    return _dollars(runs * total(run(case, prices)) + total(standing(case, prices)))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [
        f"| {' | '.join(headings)} |",
        f"|---|{'---:|' * (len(headings) - 1)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _dollars(amount: float) -> str:
    if amount == 0:
        return "0"
    return f"${amount:,.2f}" if amount >= 0.1 else f"${amount:.4f}"


_FIGURES: dict[str, Callable[[PriceList], str]] = {
    "run of an instance": _one_run(Kind.INSTANCE),
    "run of a cluster": _one_run(Kind.CLUSTER),
    "months": _months,
    "accounts": _accounts,
    "many": _many,
    "instead": _instead,
    "kept": _kept,
    "levers": _levers,
}


def main() -> int:
    """Write the page."""
    PAGE.write_text(written(PAGE.read_text(), read_prices()))
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
