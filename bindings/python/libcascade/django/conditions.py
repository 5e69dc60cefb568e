"""A queryset's WHERE as a condition on its own table, so that a purge need not hold the keys of every row."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any, Iterator, List, Optional, Set, Tuple

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import Lookup, Transform
from django.db.models.expressions import Col
from django.db.models.sql.where import WhereNode

from .rules import Rules

Condition = Tuple[Optional[str], List[Any]]

_PLAIN = (int, float, str, bytes, decimal.Decimal, datetime.date, datetime.time, uuid.UUID)


def _columns(node: Any) -> Iterator[Optional[Any]]:
    """Columns that a condition is about; None for anything but columns compared with values."""
    for child in node.children:
        if isinstance(child, WhereNode):
            yield from _columns(child)
            continue
        left = getattr(child, "lhs", None)
        while isinstance(left, Transform):
            left = left.lhs
        right = getattr(child, "rhs", None)
        values = right if isinstance(right, (list, tuple, set, frozenset)) else [right]
        plain = isinstance(child, Lookup) and isinstance(left, Col) and not any(hasattr(value, "as_sql") for value in values)
        yield left if plain else None


def _is_plain(query: Any) -> bool:
    """Whether nothing but the WHERE says which rows are meant."""
    tables = [alias for alias, count in query.alias_refcount.items() if count]
    return len(tables) <= 1 and not (query.is_sliced or query.distinct or query.combinator or query.group_by or query.extra
                                     or query.annotations)


def _written(rules: Rules) -> Set[str]:
    """Columns of the roots' table that the delete itself may set: a condition on them would come to mean other rows."""
    root = rules.root._meta.db_table
    return {column for relation in rules.relations if relation.table == root and relation.rule.startswith("SET")
            for column in relation.columns}


def condition(queryset: Any, rules: Rules, using: str) -> Optional[Condition]:
    """The condition and its parameters; None when the queryset is not as simple as that."""
    query, table = queryset.query, rules.root._meta.db_table
    if not _is_plain(query):
        return None
    if not query.where:
        return None, []
    columns, written = list(_columns(query.where)), _written(rules)
    if any(column is None or column.alias != table or column.target.column in written for column in columns):
        return None
    connection = connections[using]
    try:
        sql, parameters = query.get_compiler(using).compile(query.where)
    except EmptyResultSet:
        return None  # whose keys are soon read
    if "?" in sql or any(isinstance(each, bool) or not isinstance(each, _PLAIN) for each in parameters):
        return None
    sql = sql.replace(f"{connection.ops.quote_name(table)}.", "")
    return sql.replace("%s", "?").replace("%%", "%"), list(parameters)
