"""The migrations, run in order, are the schema, on both engines; the hot statements use their indexes."""

import re
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from gateway.storage import migrate
from gateway.storage.database import Database, open_database
from gateway.storage.outbox import CLAIM
from gateway.storage.schema import metadata
from gateway.storage.seal import Keyring, WrongKey


def _normal(sql: str | None) -> str:
    return " ".join((sql or "").replace('"', "").replace("( ", "(").replace(" )", ")").split()).lower()


def _declared(path: Path) -> set[frozenset[str]]:
    """Every CREATE statement as the set of its clauses: the order of constraints says nothing."""
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT sql FROM sqlite_master WHERE name NOT LIKE 'alembic%' AND sql IS NOT NULL").fetchall()
    connection.close()
    return {frozenset(re.split(r"\s*,\s*|\s*\(\s+|\s+\)$", _normal(row[0]))) for row in rows}


async def test_sqlite_migrations_equal_schema(sqlite_template: Path, tmp_path: Path) -> None:
    """sqlite_master of a migrated file and of a created one: Alembic's own comparison doesn't see a partial WHERE."""
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'created.db'}")
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
    await engine.dispose()
    assert _declared(sqlite_template) == _declared(tmp_path / "created.db")


async def _postgres_shape(connection, schema: str) -> set[str]:
    indexes = await connection.execute(
        text("SELECT indexdef FROM pg_indexes WHERE schemaname = :s AND tablename <> 'alembic_version'"), {"s": schema}
    )
    columns = await connection.execute(
        text(
            "SELECT table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') "
            "FROM information_schema.columns WHERE table_schema = :s AND table_name <> 'alembic_version'"
        ),
        {"s": schema},
    )
    constraints = await connection.execute(
        text(
            "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = CAST(:s AS regnamespace) AND conrelid::regclass::text NOT LIKE '%alembic%'"
        ),
        {"s": schema},
    )
    return {str(row[0]).replace(f"{schema}.", "") for rows in (indexes, columns, constraints) for row in rows}


async def test_postgres_migrations_equal_schema(postgres_url: str, keyring: Keyring) -> None:
    """pg_indexes, constraints and columns of a migrated and of a created schema."""
    async with open_database(postgres_url, keyring, migrate=True):
        pass
    engine = create_async_engine(postgres_url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        await connection.execute(text("CREATE SCHEMA made"))
        await connection.execute(text("SET search_path TO made"))
        await connection.run_sync(metadata.create_all)
        made = await _postgres_shape(connection, "made")
        await connection.execute(text("SET search_path TO public"))
        migrated = await _postgres_shape(connection, "public")
        await connection.rollback()
    await engine.dispose()
    assert migrated == made


async def test_the_claim_uses_its_index(database: Database) -> None:
    """Also under PostgreSQL's generic plans, where a bound state would lose the partial index."""
    values: dict[str, object] = {"route_": "r", "lane_": 0, "wave_": 1, "now_": 1, "limit_": 5, "owner_": "o", "state": "claimed"}
    plan = await database.write(_sqlite_plan(values) if database.dialect == "sqlite" else _postgres_plan(values))
    assert "mt_due" in plan, plan
    assert "TEMP B-TREE" not in plan
    assert "Seq Scan on mt" not in plan


def _sqlite_plan(values: dict[str, object]):
    async def unit(connection) -> str:
        compiled = CLAIM.compile(dialect=connection.dialect)
        ordered = tuple(values.get(name, -1) for name in compiled.positiontup or ())  # LIMIT x OFFSET 0 binds one of its own
        rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", ordered)
        return "\n".join(row[3] for row in rows)

    return unit


def _postgres_plan(values: dict[str, object]):
    async def unit(connection) -> str:
        raw = (await connection.get_raw_connection()).driver_connection
        await raw.execute(
            "INSERT INTO mt (ref, bidx, msisdn, lane, route, state, due_at, expires_at, segments, created_at, wave) "
            "SELECT 'x' || g, decode(md5(g::text), 'hex'), ''::bytea, 0, 'r', 'sent', 0, 0, 1, 0, 1 FROM generate_series(1, 20000) g"
        )
        await raw.execute("ANALYZE mt")
        await raw.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        compiled = CLAIM.compile(dialect=connection.dialect)
        await raw.execute(f"PREPARE probe AS {compiled}")
        rows = await raw.fetch(f"EXPLAIN EXECUTE probe({', '.join(repr(values[name]) for name in compiled.positiontup)})")
        await raw.execute("DEALLOCATE probe")
        await raw.execute("DELETE FROM mt")
        return "\n".join(row[0] for row in rows)

    return unit


def test_head_is_the_newest_migration() -> None:
    """The constant that spares a start Alembic's import."""
    versions = Path(migrate.__file__).parent / "migrations" / "versions"
    assert max(path.stem.partition("_")[0] for path in versions.glob("0*.py")) == migrate.HEAD


async def test_a_wrong_key_stops_the_start(database_url: str) -> None:
    """Before a row is spoilt."""
    with pytest.raises(WrongKey, match="not the one"):
        async with open_database(database_url, Keyring.of(bytes(32))):
            pass
