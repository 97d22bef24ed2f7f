"""The price list: one YAML document with prices, speeds and assumptions; a file may override parts of it."""

from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cli.exits import InputError
from shared.database.port import Kind

_SIZES = {"large": 1, "xlarge": 2, "2xlarge": 4, "4xlarge": 8, "8xlarge": 16, "12xlarge": 24, "16xlarge": 32}
Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Part):
    """Where a price is from."""

    source: str
    date: Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    region: str


class Price(_Part):
    """One price."""

    price: Amount
    per: str
    origin: str


class Classes(_Part):
    """Instance classes of one kind, per hour."""

    origin: str
    large: dict[str, Amount]
    classes: dict[str, Amount]

    def hour(self, name: str) -> float | None:
        """Return the price of a class; None if the list does not have it."""
        if name in self.classes:
            return self.classes[name]
        _, _, rest = name.partition("db.")
        family, _, size = rest.partition(".")
        return self.large[family] * _SIZES[size] if family in self.large and size in _SIZES else None


class Speed(_Part):
    """How long one step takes; `because` says on what grounds."""

    minutes: Amount = 0
    gb_per_hour: Annotated[float, Field(gt=0)] | None = None
    because: str

    def hours(self, gb: float) -> float:
        """Return the hours for so many GB."""
        return self.minutes / 60 + (gb / self.gb_per_hour if self.gb_per_hour else 0)


class Speeds(_Part):
    """How long each step takes for one kind of database."""

    restore: Speed
    load: Speed
    mask: Speed
    verify: Speed
    snapshot: Speed
    copy_: Speed = Field(alias="copy")
    answer: Speed


class Assumptions(_Part):
    """Quantities that are neither prices nor speeds."""

    masked_share: Annotated[float, Field(ge=0, le=1)]
    log_per_masked: Amount
    waiting_minutes: Amount
    worker_vcpus: Amount
    worker_gb: Amount
    messages: Amount
    sns_messages: Amount
    bus_messages: Amount
    ledger_writes: Amount
    ledger_reads: Amount
    secret_calls: Amount
    kms_calls: Amount
    log_mb: Amount
    keys: Amount
    queues: Amount
    polls_per_queue: Amount
    production_endpoints: Amount
    development_endpoints: Amount
    alarms: Amount
    metrics: Amount
    source_alarms: Amount
    source_metrics: Amount
    dashboards: Amount
    image_gb: Amount
    lambda_gb: Amount
    lambda_seconds: Amount


class PriceList(_Part):
    """Everything that an estimate is made of besides the databases themselves."""

    version: Literal[1]
    currency: str
    origins: dict[str, Origin]
    instances: dict[Kind, Classes]
    prices: dict[str, Price]
    speeds: dict[Kind, Speeds]
    assumptions: Assumptions

    def of(self, name: str) -> float:
        """Return a price by its name."""
        return self.prices[name].price

    def hour(self, kind: Kind, instance_class: str) -> float:
        """Return the price of an instance's hour. Raises InputError if the list does not have its class."""
        price = self.instances[kind].hour(instance_class)
        if price is None:
            known = ", ".join(f"db.{family}.*" for family in self.instances[kind].large)
            raise InputError(
                f"no price for {instance_class} ({kind}): the list has {known} and "
                f"{', '.join(self.instances[kind].classes)}; add it with --prices: "
                f"instances: {{{kind}: {{classes: {{{instance_class}: 0.00}}}}}}"
            )
        return price


@lru_cache(maxsize=1)
def _packaged() -> str:
    return resources.files("cli.cost").joinpath("prices.yaml").read_text()


def read_prices(override: Path | None = None) -> PriceList:
    """Read the package's price list, with what a file overrides. Raises InputError with every problem."""
    content: dict[str, Any] = yaml.safe_load(_packaged())
    where = "prices.yaml"
    if override is not None:
        where = str(override)
        _merge(content, _mapping(override), where, ())
    _dates_as_text(content)
    try:
        return PriceList.model_validate(content)
    except ValidationError as error:
        lines = [
            f"{where}: {'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors(include_url=False, include_input=False)
        ]
        raise InputError("\n".join(lines)) from None


def _mapping(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: no YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: must be a mapping, like prices: {{fargate_vcpu: 0.05}}")
    return content


def _merge(into: dict[str, Any], override: dict[str, Any], where: str, above: tuple[str, ...]) -> None:
    """Put what a file says in place of what the package says; a price may be given by its number alone."""
    for name, value in override.items():
        known = into.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value, where, (*above, str(name)))
        elif isinstance(known, dict) and isinstance(value, int | float) and "price" in known:
            known["price"] = value
        elif isinstance(known, dict):
            raise InputError(f"{where}: {'.'.join((*above, str(name)))}: must be a mapping or a number")
        elif name not in into and above[:1] == ("prices",):
            raise InputError(f"{where}: prices.{name}: no such price; there are {', '.join(into)}")
        else:
            into[name] = value


def _dates_as_text(content: dict[str, Any]) -> None:
    """YAML reads 2026-06 as text, but 2026-06-01 as a date."""
    origins = content.get("origins")
    for origin in origins.values() if isinstance(origins, dict) else ():
        if isinstance(origin, dict) and "date" in origin:
            origin["date"] = str(origin["date"])[:7]
