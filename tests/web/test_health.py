"""Alive is not ready."""

from gateway.storage.database import open_database


async def test_alive_and_ready(door) -> None:
    assert await door.get("/healthz") == (200, "ok\n")
    assert await door.get("/readyz") == (200, "ok\n")


async def test_without_a_dispatcher_we_are_alive_but_not_ready(door) -> None:
    door.dispatching[0] = False
    assert await door.get("/readyz") == (503, "dispatcher\n")
    assert (await door.get("/healthz"))[0] == 200


async def test_the_database_it_asks_is_the_one_it_serves(door, database_url, keyring) -> None:
    async with open_database(database_url, keyring):
        assert (await door.get("/readyz"))[0] == 200
