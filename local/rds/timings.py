"""How long each change of state lasts."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Timings:
    """Durations in seconds. A state lasts longer where a real engine does."""

    create: float
    restore: float
    add_instance: float  # an instance for a cluster that is there
    backup: float  # the baseline backup after a create or restore with a retention period
    snapshot: float
    copy: float
    modify_lag: float  # "available" is still announced after a Modify was accepted
    reset_password: float
    rename: float
    delete: float

    @classmethod
    def fast(cls) -> "Timings":
        """Fractions of a second: every state can be seen, and a person does not wait for it."""
        return cls(
            create=0.3,
            restore=0.4,
            add_instance=0.3,
            backup=0.2,
            snapshot=0.3,
            copy=0.2,
            modify_lag=0.15,
            reset_password=0.15,
            rename=0.2,
            delete=0.2,
        )

    @classmethod
    def aws_like(cls) -> "Timings":
        """Minutes to an hour, for tests that drive the clock."""
        return cls(
            create=600,
            restore=1800,
            add_instance=480,
            backup=3600,
            snapshot=900,
            copy=1200,
            modify_lag=20,
            reset_password=60,
            rename=120,
            delete=300,
        )
