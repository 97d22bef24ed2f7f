"""No engines: who may log in where is remembered all the same."""

import pytest

from local.engines import EngineError, NewDatabase, NoEngines

SHOP = NewDatabase("shop", "first", "shop")


def test_a_restored_volume_has_the_passwords_of_its_snapshot() -> None:
    engines = NoEngines()
    volume = engines.create(SHOP)
    snapshot = engines.copy_snapshot(engines.snapshot(volume))
    engines.set_password(volume, "shop", "second")
    restored = engines.restore(snapshot)
    engines.start(volume, 1)
    engines.start(restored, 2)
    assert [engines.login(1, "shop", "second"), engines.login(2, "shop", "first")] == [True, True]
    assert not engines.login(2, "shop", "second")


def test_nothing_answers_that_is_stopped_or_removed() -> None:
    engines = NoEngines()
    volume = engines.create(SHOP)
    assert not engines.login(1, "shop", "first")
    engines.start(volume, 1)
    engines.stop(volume)
    assert not engines.login(1, "shop", "first")
    engines.remove(volume)
    with pytest.raises(EngineError, match="was removed"):
        engines.start(volume, 1)


def test_there_is_nothing_to_connect_to() -> None:
    engines = NoEngines()
    with pytest.raises(EngineError, match="no real engine"):
        engines.admin_dsn(engines.create(SHOP), "shop")
