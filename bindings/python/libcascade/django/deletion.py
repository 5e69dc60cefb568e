"""A delete as Django's collector does it: all or nothing, with its errors, its signals and its counts."""

from __future__ import annotations

import array
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Set, Tuple, Union

from django.db import IntegrityError, connections, models, transaction
from django.db.models import ProtectedError, RestrictedError, signals
from django.db.models.deletion import Collector

from .. import ALL, Allow, BlockedError, BlockerKind, CycleError, DatabaseError, Page, Policy, Purge, Rule, Selection
from .. import Relation as LibraryRelation
from . import conf, rules as reading
from .rules import Model, NotExpressible, Relation
from .sessions import Ruled, Session, labels, with_session

#: Keys that one query asks for, and that one page gives.
CHUNK = 500
PAGE = 20000
#: Rows of a walk through all that a delete would meet, and levels that one cursor looks at: with each it reads longer paths.
UNBOUNDED = (1 << 63) - 1
DEPTHS = 10
#: Django does not ask whether foreign keys are enforced, nor what the user may see of the catalog: the models say what there is.
ALLOWED = Allow.UNENFORCED | Allow.HIDDEN

Counts = Tuple[int, Dict[str, int]]


def has_receivers(model: Model) -> bool:
    """Whether somebody is to be told of rows of the model. Of join tables that Django made, nobody is."""
    return not model._meta.auto_created and any(each.has_listeners(model) for each in (signals.pre_delete, signals.post_delete))


def chunks(values: Iterable[Any], size: int) -> Iterator[List[Any]]:
    """Lists of no more than so many."""
    left = iter(values)
    while True:
        part = list(islice(left, size))
        if not part:
            return
        yield part


def instances(model: Model, keys: Iterable[Any], using: str) -> Iterator[Any]:
    """Objects by their keys, in the order of the keys."""
    for part in chunks(keys, CHUNK):
        found = model._base_manager.using(using).in_bulk(part)
        clean = model._meta.pk.to_python
        yield from (found[clean(key)] for key in part if clean(key) in found)


def read_keys(queryset: Any) -> Any:
    """Primary keys of a queryset: an array where they are integers, else a list."""
    found = queryset.values_list("pk", flat=True).iterator(chunk_size=PAGE)
    pk = reading.target_of(queryset.model._meta.pk)
    return array.array("q", found) if isinstance(pk, models.IntegerField) else list(found)


def prepared(model: Model, keys: Any, using: str) -> Any:
    """Keys as the database has them."""
    if isinstance(keys, array.array):
        return keys
    prepare, connection = model._meta.pk.get_db_prep_value, connections[using]
    return [prepare(key, connection) for key in keys]


def select(session: Session, model: Model, keys: Any) -> Selection:
    """The rows with these keys."""
    return session.graph.select(model._meta.db_table, prepared(model, keys, session.using))


def walk(session: Session, policy: Policy, selection: Selection) -> Iterator[Tuple[Page, Tuple[LibraryRelation, ...]]]:
    """All rows that a delete would meet, page by page and level by level, with the first relations that lead to them. Below the
    last level that one cursor looks at, the next goes on; rows may then come more than once."""
    waiting: List[Tuple[Selection, Tuple[LibraryRelation, ...]]] = [(selection, ())]
    followed: Set[Any] = set()
    while waiting:
        start, lead = waiting.pop()
        deepest: Dict[Any, Set[Any]] = {}
        with session.connection.blockers(policy, start, limit=PAGE, rounds=ALL, depth=DEPTHS, max_rows=UNBOUNDED) as pages:
            for page in pages:
                way, table = lead or page.path, page.relation.table
                if page.depth == DEPTHS and page.kind == BlockerKind.CASCADING:
                    deepest.setdefault((table, way), set()).update(key for key in page.keys if (table, key) not in followed)
                yield page, way
        for (table, way), keys in deepest.items():
            keys = {key for key in keys if (table, key) not in followed}
            followed.update((table, key) for key in keys)
            if keys:
                waiting.append((session.graph.select(session.graph.table(table), sorted(keys)), way))


@contextmanager
def database_errors(using: str) -> Iterator[None]:
    """Failures of the database, as Django raises them."""
    try:
        yield
    except (BlockedError, CycleError) as failure:  # what is blocked by the models' rules was told in Django's words before
        raise IntegrityError(str(failure)) from failure
    except DatabaseError as failure:
        if failure.__cause__ is None:
            raise
        with connections[using].wrap_database_errors:
            raise failure.__cause__


# ---- what stands in the way ----

class Refusal:
    """Finds what Django's errors say: which objects, through which foreign keys."""

    def __init__(self, session: Session, ruled: Ruled, selection: Selection) -> None:
        self.session, self.rules, self.ways, self.selection = session, ruled.rules, ruled.ways, selection
        self.policy = ruled.policy
        self.bound = conf.get("ERROR_OBJECTS")
        #: Keys by the relation that leads to them.
        self.protected: Dict[Relation, Dict[Any, None]] = {}
        self.restricted: Dict[Relation, Dict[Any, None]] = {}
        #: Of the first level: what the message names.
        self.first: Dict[Relation, None] = {}
        #: Lazy relations that have rows to be set.
        self.asked: Dict[Relation, None] = {}
        self._walked = False

    def _walk(self) -> None:
        if not self._walked:
            for page, path in walk(self.session, self.policy, self.selection):
                self._take(page, path)
        self._walked = True

    def _first_of(self, path: Iterable[LibraryRelation], relation: Relation) -> Relation:
        """The foreign key of the root's model, or of a parent's, by which rows of a page are reached."""
        for step in path:
            known = self.ways.get(step.number)
            if known and known.kind != reading.PARENT:
                return known
        return relation

    def _take(self, page: Page, path: Iterable[LibraryRelation]) -> None:
        relation = self.ways.get(page.relation.number)
        if relation and relation.lazy and len(page.keys):
            self.asked[relation] = None
        if page.kind == BlockerKind.CASCADING:
            table = self.session.graph.table(page.relation.table).name
            for known, keys in self.restricted.items():
                if known.table == table:
                    for key in page.keys:
                        keys.pop(key, None)
        elif relation and page.kind == BlockerKind.BLOCKING and page.relation.rule in (Rule.PROTECT, Rule.RESTRICT):
            protects = page.relation.rule == Rule.PROTECT
            found = (self.protected if protects else self.restricted).setdefault(relation, {})
            room = self.bound - sum(len(keys) for keys in self.protected.values()) if protects else len(page.keys)
            found.update(dict.fromkeys(islice(page.keys, max(room, 0))))
            if protects:
                self.first[self._first_of(path, relation)] = None

    def _objects(self, found: Mapping[Relation, Iterable[Any]]) -> Set[Any]:
        wanted = ((relation, key) for relation, keys in found.items() for key in keys)
        by_model: Dict[Model, List[Any]] = {}
        for relation, key in islice(wanted, self.bound):
            by_model.setdefault(relation.model, []).append(key)
        return {each for model, keys in by_model.items() for each in instances(model, keys, self.session.using)}

    def error(self) -> Optional[Exception]:
        """Django's error; None when it is the database that would object."""
        self._walk()
        name, order = self.rules.root.__name__, self.rules.relations.index

        def named(relations: Iterable[Relation]) -> str:
            return ", ".join(f"'{each.field.model.__name__}.{each.field.name}'" for each in sorted(relations, key=order))

        if self.protected:
            return ProtectedError(f"Cannot delete some instances of model {name!r} because they are referenced through protected "
                                  f"foreign keys: {named(self.first)}.", self._objects(self.protected))
        restricted = {relation: keys for relation, keys in self.restricted.items() if keys}
        if restricted:
            return RestrictedError(f"Cannot delete some instances of model {name!r} because they are referenced through restricted "
                                   f"foreign keys: {named(restricted)}.", self._objects(restricted))
        return None

    def values(self) -> Dict[Relation, Any]:
        """Values of the lazy relations that have rows to be set: of no others is one asked for, as in Django."""
        self._walk()
        return {relation: relation.value() for relation in self.asked if relation.value}


# ---- signals ----

class Told:
    """The objects of which receivers are told, before and after."""

    def __init__(self, using: str) -> None:
        self.using = using
        #: Objects by their model; the roots first, and what refers to them behind.
        self.objects: Dict[Model, List[Any]] = {}

    def find(self, session: Session, ruled: Ruled, selection: Selection, roots: Iterable[Any], keys: Any) -> None:
        """Reads them while they are there."""
        root = ruled.rules.root
        if has_receivers(root):
            self.objects[root] = list(roots)
        tables = {number: model for number, model in ruled.models.items() if has_receivers(model)}
        found: Dict[Model, Dict[Any, None]] = {}
        for page, _ in walk(session, ruled.policy, selection) if tables else ():
            model = tables.get(page.relation.table)
            if model and page.kind == BlockerKind.CASCADING:
                found.setdefault(model, {}).update(dict.fromkeys(map(model._meta.pk.to_python, page.keys)))
        for model, more in found.items():
            if model is root:  # some of which may refer to others
                for key in keys:
                    more.pop(key, None)
            self.objects.setdefault(model, []).extend(instances(model, more, self.using))
        for objects in self.objects.values():
            objects.sort(key=lambda each: each.pk)

    def before(self) -> None:
        """Referencing rows first, as Django does."""
        for model, objects in reversed(list(self.objects.items())):
            for each in objects:
                signals.pre_delete.send(sender=model, instance=each, using=self.using)

    def after(self) -> None:
        for model, objects in reversed(list(self.objects.items())):
            for each in reversed(objects):
                signals.post_delete.send(sender=model, instance=each, using=self.using)
        for model, objects in self.objects.items():
            for each in objects:
                setattr(each, model._meta.pk.attname, None)


@dataclass
class Prepared:
    """A delete that nothing stands in the way of."""

    purge: Purge
    told: Told
    models: Dict[int, Model]


# ---- the delete ----

def stock(objects: Any, using: str, keep_parents: bool) -> Counts:
    """The delete by Django's own collector."""
    collector = Collector(using=using)
    collector.collect(objects, keep_parents=keep_parents)
    total, counts = collector.delete()
    return total, counts


class Deletion:
    """The delete of a queryset, or of a list of objects of one model."""

    def __init__(self, objects: Any, using: str, keep_parents: bool = False) -> None:
        self.using, self.keep_parents, self.objects = using, keep_parents, objects
        self.is_queryset = hasattr(objects, "model")
        self.model: Model = objects.model if self.is_queryset else objects[0].__class__

    def check(self) -> None:
        """Raises NotExpressible when Django has to do it."""
        with database_errors(self.using):
            rules = with_session(self.using, lambda session: session.ruled(self.model, self.keep_parents)).rules
        for relation in rules.relations if self.model._meta.proxy else ():
            if relation.rule == "RESTRICT" and relation.model is self.model._meta.concrete_model:
                raise NotExpressible(f"{relation} restricts, and Django does not see that rows of a proxy go themselves")

    def run(self) -> Counts:
        """Deletes, in one transaction. What is refused is refused before anything was changed, and leaves the transaction as it
        was."""
        connection = connections[self.using]
        may_be_mended = connection.in_atomic_block and connection.features.can_defer_constraint_checks
        with database_errors(self.using), transaction.atomic(using=self.using, savepoint=False):
            keys = read_keys(self.objects.using(self.using)) if self.is_queryset else [each.pk for each in self.objects]
            prepared = with_session(self.using, lambda session: self._prepare(session, keys))
            if isinstance(prepared, Prepared):
                return self._finish(prepared)
        if prepared is None and may_be_mended:  # by the host, before it commits: so the database speaks then
            return stock(self.objects, self.using, self.keep_parents)
        raise prepared or IntegrityError(f"rows that the database would not leave alone refer to {self.model._meta.label}")

    def _finish(self, prepared: Prepared) -> Counts:
        with prepared.purge as purge:
            prepared.told.before()
            for _ in purge:
                pass
            report = [(prepared.models.get(each.table.number), each.deleted) for each in purge.report().tables]
            prepared.told.after()
        if not self.is_queryset:
            for each in self.objects:
                setattr(each, self.model._meta.pk.attname, None)
        concrete = self.model._meta.concrete_model
        return labels(((self.model if model is concrete else model)._meta.label, deleted) for model, deleted in report if model)

    def _prepare(self, session: Session, keys: Any) -> Union[Prepared, Exception, None]:
        """All that comes before the first change; or Django's error; None when it is the database that would object."""
        ruled = session.ruled(self.model, self.keep_parents)
        selection, policy, told = select(session, self.model, keys), ruled.policy, Told(self.using)
        if ruled.rules.lazy:
            refusal = Refusal(session, ruled, selection)
            error = refusal.error()
            if error:
                return error
            policy = ruled.complete(refusal.values())
        try:
            purge = session.connection.purge(policy, selection, allow=ALLOWED, max_tx_rows=UNBOUNDED)
        except BlockedError:
            return Refusal(session, ruled, selection).error()
        told.find(session, ruled, selection, self._roots(keys), keys)
        return Prepared(purge, told, ruled.models)

    def _roots(self, keys: Any) -> Iterable[Any]:
        """The objects themselves: those that the host has in its hands, or read as the queryset's model."""
        return instances(self.model, keys, self.using) if self.is_queryset else self.objects
