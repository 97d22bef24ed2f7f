"""What runs and standing still cost: pure functions of a price list and the databases."""

from dataclasses import dataclass

from cli.cost.prices import PriceList, Speeds
from shared.database.port import Kind

HOURS = 730  # in a month
MILLION = 1_000_000
_SHORTEST = 1 / 6  # RDS bills ten minutes at least
_PAGES = 131_072  # of 8 KB in a GB: what Aurora reads at once
_LOG_WRITES = 262_144  # of 4 KB in a GB: what Aurora writes at once


@dataclass(frozen=True)
class Case:
    """One source and the target that is made of it."""

    name: str
    kind: Kind
    gb: float
    temporary_class: str
    target_class: str
    target_kind: Kind
    keep: int = 2
    beside: bool = True


@dataclass(frozen=True)
class Line:
    """One line of a bill, and how it came about."""

    what: str
    amount: float
    formula: str


@dataclass(frozen=True)
class Hours:
    """How long the parts of a run take; `temporary` is the life of the temporary database."""

    restore: float
    worker: float
    snapshot: float
    copy: float
    receive: float
    rebuild: float
    waiting: float

    @property
    def temporary(self) -> float:
        """From the restore call to the deletion."""
        return self.restore + self.billed

    @property
    def billed(self) -> float:
        """The part of it for which the instance is paid; `creating` and `deleting` are free."""
        return self.worker + self.snapshot + self.copy + self.waiting

    @property
    def total(self) -> float:
        """From the request to the replaced target."""
        return self.temporary + self.receive + self.rebuild


def hours_of(case: Case, prices: PriceList) -> Hours:
    """Say how long a run of this source takes."""
    speeds, assumed = prices.speeds[case.kind], prices.assumptions
    there = prices.speeds[case.target_kind]
    return Hours(
        restore=speeds.restore.hours(case.gb),
        worker=_worker(speeds, case.gb, assumed.masked_share),
        snapshot=speeds.snapshot.hours(case.gb),
        copy=speeds.copy_.hours(case.gb),
        receive=there.copy_.hours(case.gb),
        rebuild=there.restore.hours(case.gb) + there.answer.hours(case.gb),
        waiting=assumed.waiting_minutes / 60,
    )


def _worker(speeds: Speeds, gb: float, masked_share: float) -> float:
    return speeds.load.hours(gb) + speeds.mask.hours(gb * masked_share) + speeds.verify.hours(gb)


def run(case: Case, prices: PriceList) -> tuple[Line, ...]:
    """Price one run, line by line."""
    hours = hours_of(case, prices)
    return (
        *_temporary_database(case, hours, prices),
        _worker_task(hours, prices),
        _snapshots_under_way(case, hours, prices),
        _second_target(case, hours, prices),
        _messages(prices),
        _functions(prices),
        _ledger_and_logs(prices),
        _secrets(hours, prices),
    )


def _temporary_database(case: Case, hours: Hours, prices: PriceList) -> tuple[Line, ...]:
    rate = prices.hour(case.kind, case.temporary_class)
    billed = max(hours.billed, _SHORTEST)
    storage = prices.of(f"{case.kind}_storage")
    lines = [
        Line(
            "temporary database",
            billed * rate,
            f"{billed:.2f} h × {rate:g} ({case.temporary_class}; worker {hours.worker:.2f}, "
            f"snapshot {hours.snapshot:.2f}, copy {hours.copy:.2f}, waiting {hours.waiting:.2f})",
        ),
        Line(
            "its storage",
            case.gb * storage / HOURS * hours.temporary,
            f"{case.gb:g} GB × {storage:g} ÷ {HOURS} h × {hours.temporary:.2f} h",
        ),
    ]
    if case.kind is Kind.CLUSTER:
        lines.append(_input_output(case, prices))
    return tuple(lines)


def _input_output(case: Case, prices: PriceList) -> Line:
    """Price Aurora Standard's I/O: everything is read once, what is masked once more, and its log written."""
    assumed = prices.assumptions
    masked = case.gb * assumed.masked_share
    requests = (case.gb + masked) * _PAGES + masked * assumed.log_per_masked * _LOG_WRITES
    price = prices.of("cluster_io")
    return Line(
        "its I/O",
        requests / MILLION * price,
        f"{requests / MILLION:.1f} M requests × {price:g}: {case.gb:g} GB and {masked:g} GB in pages of "
        f"8 KB, {masked:g} GB × {assumed.log_per_masked:g} of log in writes of 4 KB",
    )


def _worker_task(hours: Hours, prices: PriceList) -> Line:
    assumed = prices.assumptions
    cpu, memory = prices.of("fargate_vcpu"), prices.of("fargate_memory")
    rate = assumed.worker_vcpus * cpu + assumed.worker_gb * memory
    return Line(
        "Fargate worker",
        hours.worker * rate,
        f"{hours.worker:.2f} h × ({assumed.worker_vcpus:g} vCPU × {cpu:g} + "
        f"{assumed.worker_gb:g} GB × {memory:g})",
    )


def _snapshots_under_way(case: Case, hours: Hours, prices: PriceList) -> Line:
    """Price the masked snapshot until its copy stands, and that copy until development has its own."""
    price = prices.of(f"{case.kind}_backup")
    lasting = hours.copy + (hours.copy + hours.receive)
    return Line(
        "production's snapshots",
        case.gb * price / HOURS * lasting,
        f"{case.gb:g} GB × {price:g} ÷ {HOURS} h × {lasting:.2f} h (masked {hours.copy:.2f}, "
        f"shared {hours.copy + hours.receive:.2f})",
    )


def _second_target(case: Case, hours: Hours, prices: PriceList) -> Line:
    """Price the new target while the old one stands beside it."""
    what = "target beside the old"
    if not case.beside:
        return Line(what, 0.0, "replace: delete_first")
    answer = max(prices.speeds[case.target_kind].answer.hours(case.gb), _SHORTEST)
    rate, storage = prices.hour(case.target_kind, case.target_class), prices.of(f"{case.target_kind}_storage")
    return Line(
        what,
        answer * rate + case.gb * storage / HOURS * hours.rebuild,
        f"{answer:.2f} h × {rate:g} ({case.target_class}) + "
        f"{case.gb:g} GB × {storage:g} ÷ {HOURS} h × {hours.rebuild:.2f} h",
    )


def _messages(prices: PriceList) -> Line:
    assumed = prices.assumptions
    amount = (
        3 * assumed.messages * prices.of("sqs_requests")
        + assumed.sns_messages * prices.of("sns_requests")
        + assumed.bus_messages * prices.of("bus_events")
    ) / MILLION
    return Line(
        "SQS, SNS, EventBridge",
        amount,
        f"{assumed.messages:g} messages × 3 requests, {assumed.sns_messages:g} on the topic, "
        f"{assumed.bus_messages:g} on the buses",
    )


def _functions(prices: PriceList) -> Line:
    assumed = prices.assumptions
    return Line(
        "Lambda",
        assumed.messages * _invocation(prices),
        f"{assumed.messages:g} × {assumed.lambda_seconds:g} s × {assumed.lambda_gb:g} GB",
    )


def _invocation(prices: PriceList) -> float:
    assumed = prices.assumptions
    time = assumed.lambda_seconds * assumed.lambda_gb * prices.of("lambda_time")
    return time + prices.of("lambda_requests") / MILLION


def _ledger_and_logs(prices: PriceList) -> Line:
    assumed = prices.assumptions
    amount = (
        assumed.ledger_writes * prices.of("dynamodb_writes")
        + assumed.ledger_reads * prices.of("dynamodb_reads")
    ) / MILLION + assumed.log_mb / 1024 * prices.of("logs")
    return Line(
        "DynamoDB and logs",
        amount,
        f"{assumed.ledger_writes:g} writes, {assumed.ledger_reads:g} reads, {assumed.log_mb:g} MB of logs",
    )


def _secrets(hours: Hours, prices: PriceList) -> Line:
    assumed = prices.assumptions
    amount = (
        prices.of("secret") / HOURS * hours.temporary
        + (
            assumed.secret_calls * prices.of("secret_requests")
            + assumed.kms_calls * prices.of("kms_requests")
        )
        / MILLION
    )
    return Line(
        "secret and KMS requests",
        amount,
        f"one secret for {hours.temporary:.2f} h, {assumed.secret_calls:g} and {assumed.kms_calls:g} calls",
    )


def standing(case: Case, prices: PriceList) -> tuple[Line, ...]:
    """Price what one source costs in a month in which nothing runs."""
    backup = prices.of(f"{case.target_kind}_backup")
    looks = _look(prices)
    assumed = prices.assumptions
    return (
        Line(
            "development's copies",
            case.keep * case.gb * backup,
            f"{case.keep} kept × {case.gb:g} GB × {backup:g}",
        ),
        Line("target's secret", prices.of("secret"), "one secret"),
        Line(
            "alarm on the data's age",
            assumed.source_alarms * prices.of("alarm") + assumed.source_metrics * prices.of("metric"),
            f"{assumed.source_alarms:g} alarm, {assumed.source_metrics:g} metric",
        ),
        Line("hourly look", HOURS * looks, f"{HOURS} looks × {looks:.7f}"),
    )


def _look(prices: PriceList) -> float:
    """Price one look that finds nothing to do: a message, an invocation, some reads, one write."""
    requests = 3 * prices.of("sqs_requests") + 5 * prices.of("dynamodb_reads") + prices.of("dynamodb_writes")
    return requests / MILLION + _invocation(prices)


def fixed(prices: PriceList, zones: tuple[int, int] = (1, 1)) -> tuple[Line, ...]:
    """Price what both accounts cost in a month without any source; `zones` have endpoints in each account."""
    assumed = prices.assumptions
    endpoints = (assumed.production_endpoints * zones[0], assumed.development_endpoints * zones[1])
    names = ("production's endpoints", "development's endpoints")
    return (
        *(
            Line(
                name,
                number * prices.of("endpoint") * HOURS,
                f"{number:g} × {prices.of('endpoint'):g} × {HOURS} h",
            )
            for name, number in zip(names, endpoints, strict=True)
        ),
        Line("KMS keys", assumed.keys * prices.of("key"), f"{assumed.keys:g} × {prices.of('key'):g}"),
        Line(
            "alarms, metrics, dashboards",
            assumed.alarms * prices.of("alarm")
            + assumed.metrics * prices.of("metric")
            + assumed.dashboards * prices.of("dashboard"),
            f"{assumed.alarms:g} alarms, {assumed.metrics:g} metrics, {assumed.dashboards:g} dashboards",
        ),
        Line(
            "idle polling",
            assumed.queues * assumed.polls_per_queue * prices.of("sqs_requests") / MILLION,
            f"{assumed.queues:g} queues × {assumed.polls_per_queue:g} receives",
        ),
        Line("sweeps", 2 * HOURS * _look(prices), f"2 × {HOURS} looks"),
        Line(
            "worker image", assumed.image_gb * prices.of("image_storage"), f"{assumed.image_gb:g} GB in ECR"
        ),
    )


def total(lines: tuple[Line, ...]) -> float:
    """Add up."""
    return sum(line.amount for line in lines)
