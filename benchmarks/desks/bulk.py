"""Many rows at once: COPY on PostgreSQL, executemany on SQLite, indexes made afterwards.

Values are given as both databases read them: moments and UUIDs (32 hexadecimal digits) as text,
JSON as text.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models

_CHUNK = 20_000

Say = Callable[[str], None]


def load(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[tuple[Any, ...]], say: Say
) -> int:
    """Write rows of the fields named; every other field gets its default. Returns how many."""
    fields = {field.name: field for field in model._meta.concrete_fields}
    # A key that is not given is the database's to count.
    rest = [f for name, f in fields.items() if name not in columns and not f.primary_key]
    names = [str(fields[name].column) for name in columns] + [str(field.column) for field in rest]
    tail = tuple(_default(field) for field in rest)
    began = time.monotonic()
    table = model._meta.db_table
    write = _copy if connection.vendor == "postgresql" else _insert
    whole = (row + tail for row in rows) if tail else iter(rows)
    count = write(table, names, whole)
    seconds = time.monotonic() - began
    if seconds > 2:
        say(f"  {count:>9,} {model._meta.verbose_name_plural} in {seconds:.0f} s")
    return count


def _default(field: "models.Field[Any, Any]") -> Any:
    if field.has_default():
        value = field.get_default()
        return json.dumps(value) if isinstance(field, models.JSONField) else value
    if field.null:
        return None
    if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        return datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return b"" if isinstance(field, models.BinaryField) else ""


def _copy(table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    columns = ", ".join(f'"{name}"' for name in names)
    count = 0
    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy,
    ):
        for row in rows:
            copy.write_row(row)
            count += 1
    return count


def _insert(table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> int:
    columns = ", ".join(f'"{name}"' for name in names)
    marks = ", ".join("?" * len(names))
    connection.ensure_connection()
    raw = connection.connection
    count, source = 0, iter(rows)
    while chunk := list(itertools.islice(source, _CHUNK)):
        raw.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({marks})', chunk)  # noqa: S608
        count += len(chunk)
    return count


@contextmanager
def unindexed(tables: Sequence[str], say: Say) -> Iterator[None]:
    """Within, the tables have neither indexes nor constraints (SQLite keeps its constraints)."""
    postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        again = _drop_postgres(cursor, tables) if postgres else _drop_sqlite(cursor, tables)
    yield
    began = time.monotonic()
    with connection.cursor() as cursor:
        for sql in again:
            cursor.execute(sql)
    say(f"  {len(again)} indexes and constraints in {time.monotonic() - began:.0f} s")


def _drop_postgres(cursor: Any, tables: Sequence[str]) -> list[str]:
    cursor.execute("SET maintenance_work_mem = '512MB'; SET synchronous_commit = off")
    # Foreign keys of other tables point at primary keys of these, so they go first, come back last.
    cursor.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), contype
           FROM pg_constraint
           WHERE conrelid = ANY(%(t)s::regclass[]) AND contype IN ('f', 'p', 'u', 'c')
              OR confrelid = ANY(%(t)s::regclass[]) AND contype = 'f'
           ORDER BY contype = 'f' DESC""",
        {"t": list(tables)},
    )
    found = cursor.fetchall()
    for table, name, _, _ in found:
        cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s)", [list(tables)]
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    add = [
        (kind, f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')
        for table, name, definition, kind in found
    ]
    keys = [sql for kind, sql in add if kind in ("p", "u")]
    other = [sql for kind, sql in add if kind in ("c", "f")]
    return keys + [sql for _, sql in indexes] + other


def _drop_sqlite(cursor: Any, tables: Sequence[str]) -> list[str]:
    for pragma in ("synchronous=OFF", "cache_size=-500000", "foreign_keys=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    marks = ", ".join(["%s"] * len(tables))
    cursor.execute(
        "SELECT name, sql FROM sqlite_master "  # noqa: S608
        f"WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({marks})",
        list(tables),
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]


def recount(of: Sequence[type[models.Model]]) -> None:
    """Keys that the database counts go on after the rows loaded."""
    from django.core.management.color import no_style

    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), list(of)):
            cursor.execute(sql)


def settle() -> None:
    """The planner learns what there is."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET synchronous_commit = on")
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("ANALYZE")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
