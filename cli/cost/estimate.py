"""An estimate: every source with its bill, what both accounts cost without any, and the sums."""

from dataclasses import dataclass
from typing import Any

from cli.cost.alternatives import Orchestration, orchestration, permanent, target
from cli.cost.model import Case, Hours, Line, fixed, hours_of, run, standing, total
from cli.cost.prices import PriceList


@dataclass(frozen=True)
class Bill:
    """What one source costs."""

    case: Case
    hours: Hours
    run: tuple[Line, ...]
    standing: tuple[Line, ...]
    orchestration: Orchestration
    permanent: float
    target: float

    def month(self, runs: float) -> float:
        """Return what a month costs in which so many runs end."""
        return runs * total(self.run) + total(self.standing)


@dataclass(frozen=True)
class Estimate:
    """All sources of a configuration together."""

    bills: tuple[Bill, ...]
    fixed: tuple[Line, ...]
    runs: float
    currency: str

    @property
    def per_run(self) -> float:
        """One run of every source."""
        return sum(total(bill.run) for bill in self.bills)

    @property
    def month(self) -> float:
        """A month in which every source runs as often as said."""
        return total(self.fixed) + sum(bill.month(self.runs) for bill in self.bills)

    @property
    def idle(self) -> float:
        """A month in which nothing runs."""
        return total(self.fixed) + sum(total(bill.standing) for bill in self.bills)

    def document(self) -> dict[str, Any]:
        """Return it for machines; amounts are rounded to a hundredth of a cent."""
        return {
            "currency": self.currency,
            "runs_per_month": self.runs,
            "sources": [
                {
                    "source": bill.case.name,
                    "kind": bill.case.kind.value,
                    "size_gb": bill.case.gb,
                    "hours": round(bill.hours.total, 2),
                    "temporary_database_hours": round(bill.hours.temporary, 2),
                    "run": _lines(bill.run),
                    "per_run": _cents(total(bill.run)),
                    "standing": _lines(bill.standing),
                    "per_month": _cents(bill.month(self.runs)),
                    "idle_per_month": _cents(total(bill.standing)),
                    "instead": {
                        "target_per_month": _cents(bill.target),
                        "permanent_replica_per_month": _cents(bill.permanent),
                        "step_functions_per_run": _cents(bill.orchestration.state_machine),
                        "step_functions_with_lambda_per_run": _cents(bill.orchestration.with_lambda),
                        "our_messages_per_run": _cents(bill.orchestration.ours),
                    },
                }
                for bill in self.bills
            ],
            "fixed": _lines(self.fixed),
            "total": {
                "per_run": _cents(self.per_run),
                "per_month": _cents(self.month),
                "idle_per_month": _cents(self.idle),
            },
        }


def estimate(
    cases: tuple[Case, ...], prices: PriceList, runs: float, zones: tuple[int, int] = (1, 1)
) -> Estimate:
    """Make the bill of every source. Raises InputError if an instance class has no price."""
    bills = tuple(
        Bill(
            case,
            hours_of(case, prices),
            run(case, prices),
            standing(case, prices),
            orchestration(case, prices),
            permanent(case, prices),
            target(case, prices),
        )
        for case in cases
    )
    return Estimate(bills, fixed(prices, zones), runs, prices.currency)


def _lines(lines: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [{"what": line.what, "amount": _cents(line.amount), "formula": line.formula} for line in lines]


def _cents(amount: float) -> float:
    return round(amount, 4)
