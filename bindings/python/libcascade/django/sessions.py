"""The library on Django's own connections: sessions, graphs, and policies made of the models' rules."""

from __future__ import annotations

import os
import threading
from typing import Any, Callable, Dict, Hashable, Iterable, Mapping, Optional, Tuple, TypeVar

from django.apps import apps
from django.db import connections

from .. import Action, Connection, Graph, NotFoundError, Override, Policy, Rule, SchemaError, Table, TableKind
from .rules import Model, NotExpressible, Relation, Rules, read

#: Vendors of Django's backends that the library knows.
VENDORS = {"sqlite", "postgresql", "mysql"}

Answer = TypeVar("Answer")


class Ruled:
    """The rules for deleting rows of one model, as the library has them. Immutable."""

    def __init__(self, rules: Rules, graph: Graph) -> None:
        self.rules, self.graph = rules, graph
        #: Lazy values are left out: see complete().
        self.policy = self.complete({})
        #: Models whose rows may be deleted, by the number of their table.
        self.models: Dict[int, Model] = {graph.find(table).number: model for table, model in rules.deleted.items()}
        #: The models' relations, by their number in the policy.
        self.ways: Dict[int, Relation] = self._ways()

    def complete(self, values: Mapping[Relation, Any]) -> Policy:
        """The policy with the values that lazy relations have come to give."""
        overrides = (_override(relation, self.graph, values) for relation in self.rules.relations)
        return Policy(self.graph, [override for override in overrides if override])

    def _ways(self) -> Dict[int, Relation]:
        names = {table.number: table.name for table in self.graph.tables}
        ours = {(relation.table, frozenset(zip(relation.columns, relation.ref_columns)), relation.ref_table): relation
                for relation in self.rules.relations}
        pairs = ((own.number, ours.get((names[own.table], frozenset(zip(own.columns, own.ref_columns)), names[own.ref_table])))
                 for own in self.policy)
        return {number: relation for number, relation in pairs if relation}


class Known:
    """What is known of a database: its graph, and the policies on it. Shared by the threads of the process."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.tables = frozenset(table.name for table in graph.tables)
        self.ruled: Dict[Hashable, Tuple[Any, Ruled]] = {}


_known: Dict[Hashable, Known] = {}
_lock = threading.RLock()


def refresh(using: Optional[str] = None) -> None:
    """Forgets the schema of a database, or of all: it is read anew when it is needed. Migrations do this by themselves."""
    with _lock:
        for key in [key for key in _known if using is None or key[0] == using]:  # type: ignore[index]
            del _known[key]


def _open(using: str) -> Connection:
    """The library's session over the alias' connection, made once for each."""
    host = connections[using]
    host.ensure_connection()
    place = (os.getpid(), host.connection)
    held: Any = getattr(host, "_libcascade", None)
    if held is None or held[0] != place[0] or held[1] is not place[1]:
        host._libcascade = held = (*place, Connection.over(host.connection, cursor=host.cursor))
    session: Connection = held[2]
    return session


def _key(using: str) -> Hashable:
    settings = connections[using].settings_dict
    return (using, *(str(settings.get(name)) for name in ("ENGINE", "NAME", "HOST", "PORT", "USER")))


def _table_of(relation: Relation, graph: Graph) -> Optional[Table]:
    """The table whose rows refer; None where no rows of it are touched, so that it may be a view, or not be there."""
    try:
        table = graph.find(relation.table)
    except NotFoundError:
        if relation.rule == "DO_NOTHING":
            return None
        raise
    if table.kind != TableKind.VIEW:
        return table
    if relation.rule != "DO_NOTHING":
        raise NotExpressible(f"{relation} is a column of a view; with on_delete=DO_NOTHING the view is left alone")
    return None


def _override(relation: Relation, graph: Graph, values: Mapping[Relation, Any]) -> Optional[Override]:
    """The entry of the policy; None where the database's own action holds, or there is nothing to hold."""
    parts: Dict[str, Any] = {"table": relation.table, "columns": relation.columns, "ref_table": relation.ref_table,
                             "ref_columns": relation.ref_columns, "where": relation.where}
    table = _table_of(relation, graph)
    if table is None:
        return None
    if relation.rule == "DO_NOTHING":
        for own in graph.relations_from(table):
            same = set(zip(own.columns, own.ref_columns)) == set(zip(relation.columns, relation.ref_columns))
            if same and own.on_delete not in (Action.NO_ACTION, Action.RESTRICT):
                return None
        return Override(rule=Rule.IGNORE, **parts)
    if relation.rule == "SET_VALUE" and (not relation.lazy or relation in values):
        assert relation.value
        value = values[relation] if relation.lazy else relation.value()
        if value is not None:
            return Override(rule=Rule.SET_VALUE, values=[value], **parts)
    # What is not asked yet stands for an update of some kind, in a policy that only looks.
    return Override(rule=Rule.SET_NULL if relation.rule == "SET_VALUE" else Rule[relation.rule], **parts)


class Session:
    """The library on one alias: its connection, and what is known of the database."""

    def __init__(self, using: str, fresh: bool = False) -> None:
        self.using = using
        self.connection = _open(using)
        with _lock:
            known = None if fresh else _known.get(_key(using))
            #: Whether the schema was read for this session.
            self.fresh = known is None
            if known is None:
                known = Known(self.connection.graph())
                _known[_key(using)] = known
        self.known = known

    @property
    def graph(self) -> Graph:
        return self.known.graph

    def ruled(self, model: Model, keep_parents: bool = False) -> Ruled:
        """The rules for deleting rows of a model."""
        key, models = (model, keep_parents), apps.get_models(include_auto_created=True)
        models_then, found = self.known.ruled.get(key, (None, None))
        if found is None or models_then is not models:  # Django makes another list when a model is added
            found = Ruled(read(model, self.using, keep_parents, self.known.tables), self.graph)
            self.known.ruled[key] = (models, found)
        return found


def with_session(using: str, work: Callable[[Session], Answer], fresh: bool = False) -> Answer:
    """Does work that changes nothing before it fails; once more with the schema read anew where that may have been the cause."""
    session = Session(using, fresh)
    try:
        return work(session)
    except (NotFoundError, SchemaError):
        if session.fresh:
            raise
    return work(Session(using, fresh=True))


def labels(counts: Iterable[Tuple[str, int]]) -> Tuple[int, Dict[str, int]]:
    """Counts as Django returns them."""
    found = {label: count for label, count in counts if count}
    return sum(found.values()), found
