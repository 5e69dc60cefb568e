"""What a project calls: delete, plan, purge, blockers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from django.conf import settings
from django.db import models, router
from django.utils.encoding import force_bytes

from .. import (Accuracy, BlockedError, BlockerKind, BlockersProfile, CountMode, Integrity, Plan, Policy, Report,
                Request, Selection, TokenKind)
from .._values import copied_keys, make
from ..blockers import path_of
from . import conf, rules as reading
from .collector import collector
from .conditions import condition
from .deletion import Counts, Deletion, Refusal, chunks, database_errors, has_receivers, read_keys, select
from .rules import Model, NotExpressible, Relation, Rules, target_of
from .sessions import Ruled, Session, labels, with_session


def _about(objects: Any, using: Optional[str]) -> Tuple[Model, str, Any]:
    """Model, alias, and a queryset or the keys of what was given: an object, a queryset or a manager."""
    if isinstance(objects, models.Model):
        if objects.pk is None:
            raise ValueError(f"this {objects._meta.object_name} has no primary key, so that it is in no database")
        alias = using or objects._state.db or router.db_for_write(objects.__class__, instance=objects)
        return objects.__class__, alias, [objects.pk]
    if not hasattr(objects, "all"):
        raise TypeError(f"{objects!r:.80} is neither an object of a model nor a queryset or manager")
    queryset = objects.all()
    queryset._for_write = True
    alias = using or queryset.db
    queryset = queryset.using(alias)
    return queryset.model, alias, queryset if queryset.query.is_sliced else queryset.order_by()


def delete(objects: Any) -> Counts:
    """Deletes an object or a queryset with what depends on it, as its own `delete()` does: in one transaction, with Django's
    errors, signals and counts. What the library cannot do, Django's own collector does."""
    with collector():
        total, counts = objects.delete()
        return total, counts


def _select(session: Session, rules: Rules, objects: Any) -> Selection:
    """By the queryset's condition where it is simple, else by keys."""
    if isinstance(objects, list):
        return select(session, rules.root, objects)
    simple = condition(objects, rules, session.using)
    if simple is None:
        return select(session, rules.root, read_keys(objects))
    return session.graph.where(rules.root._meta.db_table, *simple)


def _settled(ruled: Ruled) -> Policy:
    """The policy for looking. What a nullable column would be set to makes no difference; of others it has to be known."""
    strict = {relation: relation.value() for relation in ruled.rules.lazy if relation.value and not relation.field.null}
    return ruled.complete(strict) if strict else ruled.policy


def plan(objects: Any, using: Optional[str] = None, max_rows: int = 0) -> Plan:
    """What a purge would do, step by step, and how many rows each step concerns. Reads only."""
    model, alias, what = _about(objects, using)

    def work(session: Session) -> Plan:
        ruled = session.ruled(model)
        return session.connection.plan(_settled(ruled), _select(session, ruled.rules, what), max_rows=max_rows)

    with database_errors(alias):
        return with_session(alias, work, fresh=True)


# ---- purge ----

@dataclass(frozen=True)
class Purged:
    """What a purge did. `finished` is False when a budget ended it: the same purge made anew goes on."""

    total: int
    counts: Dict[str, int]
    finished: bool
    #: The library's own report; None where receivers were told, by deletes of a few roots each.
    report: Optional[Report] = None


def _check_told(told: Iterable[Model], options: Mapping[str, Any]) -> None:
    """Refuses options that would be left aside. Every row is allowed where signals are sent, as in Django's own deletes."""
    left = sorted(name for name, value in options.items() if value and name != "allow")
    if left:
        raise NotExpressible(f"{', '.join(left)} cannot hold, as receivers of pre_delete or post_delete are to be told of rows of "
                             f"{', '.join(sorted(each._meta.label for each in told))}: leave it out, or disconnect them")


def _purge_told(model: Model, alias: str, what: Any, progress: Optional[Callable[[int], Any]]) -> Purged:
    """With signals: some roots at a time, each time in a transaction, so that few objects are in memory."""
    counts: Dict[str, int] = {}
    for part in chunks(what if isinstance(what, list) else read_keys(what), conf.get("SIGNAL_BATCH")):
        roots = model._base_manager.using(alias).filter(pk__in=part)
        for label, count in Deletion(roots, alias).run()[1].items():
            counts[label] = counts.get(label, 0) + count
        if progress:
            progress(sum(counts.values()))
    return Purged(sum(counts.values()), counts, True)


def _prepare(session: Session, model: Model, what: Any, options: Dict[str, Any]) -> Any:
    ruled = session.ruled(model)
    selection, policy = _select(session, ruled.rules, what), ruled.policy
    if ruled.rules.lazy:
        policy = ruled.complete(Refusal(session, ruled, selection).values())
    try:
        return session.connection.purge(policy, selection, **options), ruled.models
    except BlockedError as blocked:
        raise Refusal(session, ruled, selection).error() or blocked from None


def purge(objects: Any, using: Optional[str] = None, *, progress: Optional[Callable[[int], Any]] = None, proven: bool = False,
          **options: Any) -> Purged:
    """Deletes an object or a queryset with what depends on it, however much that is, in short transactions: outside `atomic()`,
    what is done stays done when it is interrupted. Refuses with ProtectedError or RestrictedError before the first change.

    `progress` is called after each transaction with the number of rows deleted so far. `proven` leaves it to the library to see to
    it that no reference dangles, which is faster where the database lets it. Other options are those of libcascade.Purge:
    `max_rows`, `row_budget`, `time_budget_ms`, `plan` and so on. Where a model has receivers of pre_delete or post_delete, they
    are told, by deletes of a few roots each, in which these options could not hold: with them it is NotExpressible."""
    model, alias, what = _about(objects, using)
    with database_errors(alias):
        rules = with_session(alias, lambda session: session.ruled(model), fresh=True).rules
        told = [each for each in {model, *rules.deleted.values()} if has_receivers(each)]
        if told:
            _check_told(told, options)
            return _purge_told(model, alias, what, progress)
        options["integrity"] = Integrity.PROVEN if proven else Integrity.CHECKED
        running, models_of = with_session(alias, lambda session: _prepare(session, model, what, options))
        with running:
            for batch in running:
                if progress:
                    progress(batch.total_deleted)
            report = running.report()
    total, counts = labels((models_of[each.table.number]._meta.label, each.deleted) for each in report.tables
                           if each.table.number in models_of)
    return Purged(total, counts, report.finished, report)


# ---- blockers ----

@dataclass(frozen=True)
class Referring:
    """Rows of one model that refer by one field: a page of their keys."""

    model: Model
    #: Name of the field of `model`; of a generic relation, of the field that holds the key.
    field: str
    kind: BlockerKind
    keys: List[Any]
    #: Whether no row of this relation comes after these.
    complete: bool
    depth: int
    #: How many there are, when they were counted.
    count: Optional[int]
    count_accuracy: Accuracy
    #: Goes on with this relation alone; None when it is complete.
    token: Optional[str]

    def objects(self, using: Optional[str] = None) -> Any:
        """A queryset of these rows."""
        manager = self.model._base_manager
        return (manager.using(using) if using else manager).filter(pk__in=self.keys)


@dataclass(frozen=True)
class Blockers:
    """A page of what refers to the rows: blocking relations first, then those that cascade, that are updated, and the others."""

    relations: List[Referring]
    #: Goes on where this page ends; None when it has all.
    token: Optional[str]

    @property
    def blocking(self) -> List[Referring]:
        return [each for each in self.relations if each.kind == BlockerKind.BLOCKING]

    def __iter__(self) -> Iterator[Referring]:
        return iter(self.relations)


def _token_key() -> bytes:
    return hashlib.sha256(b"libcascade.django.blockers" + force_bytes(settings.SECRET_KEY)).digest()


def _field_name(relation: Relation) -> str:
    return str(relation.field.object_id_field_name if relation.kind == reading.GENERIC else relation.field.name)


def _keys(found: Sequence[Any], model: Model) -> List[Any]:
    """Keys as the model's objects have them."""
    pk = target_of(model._meta.pk)
    plain = isinstance(pk, (models.IntegerField, models.CharField, models.TextField))
    return list(found if plain else map(pk.to_python, found))


def _narrow(ruled: Ruled, policy: Policy, options: Dict[str, Any]) -> None:
    """Turns `field` and `offset` into the request of one relation."""
    wanted, offset = options.pop("field", None), options.pop("offset", 0)
    if wanted is None:
        if offset:
            raise ValueError("an offset is that of one relation: say which by its field")
        return
    for number, relation in ruled.ways.items():
        if wanted in (str(relation), f"{relation.table}.{relation.columns[0]}"):
            options["requests"] = [Request(policy.relation(number), offset=offset)]
            return
    raise ValueError(f"no field {wanted!r} refers to {ruled.rules.root._meta.label}; it is written as in 'shop.Order.customer'")


def _read(session: Session, model: Model, what: Any, depth: int, options: Dict[str, Any]) -> Blockers:
    ruled = session.ruled(model)
    policy = _settled(ruled)
    _narrow(ruled, policy, options)
    selection, ways, found = _select(session, ruled.rules, what), ruled.ways, []
    # A row of a child is one with those of its parents: what refers to them is no level further down.
    deepest = depth + len(model._meta.concrete_model._meta.get_parent_list())
    parents = {number for number, way in ways.items() if way.kind == reading.PARENT}
    with session.connection._session, session.connection.blockers(policy, selection, depth=deepest, **options) as pages:
        page: Any
        for page in iter(pages._advance, None):  # as the library has them: a Page is dear to make
            way = ways.get(page.relation)
            level = page.depth - sum(number in parents for number in path_of(page)) if parents else page.depth
            if way and level <= depth and page.relation not in parents:
                found.append(make(
                    Referring, model=way.model, field=_field_name(way), kind=BlockerKind(page.kind),
                    keys=_keys(copied_keys(page.keys), way.model), complete=bool(page.complete), depth=level,
                    count=page.count if pages._counts else None, count_accuracy=Accuracy(page.count_accuracy),
                    token=None if page.complete else pages.token(TokenKind.NEXT)))
        return Blockers(found, pages.token(TokenKind.REST))


def blockers(objects: Any, limit: int = 20, token: Optional[str] = None, *, using: Optional[str] = None, depth: int = 1,
             count: CountMode = CountMode.NONE, **options: Any) -> Blockers:
    """Who refers to an object or a queryset: for each relation the keys of its first `limit` rows, with a token to go on. Reads
    only.

    `token` is one of an earlier page, which another process may have given: it is signed with SECRET_KEY, and bound to the objects.
    `field` ("shop.Order.customer") looks at one relation alone, from `offset` on. Other options are those of
    libcascade.Blockers."""
    model, alias, what = _about(objects, using)
    options.update(limit=limit, count=count, token=token, token_key=_token_key(), token_max_age_s=conf.get("TOKEN_MAX_AGE"))
    with database_errors(alias):
        return with_session(alias, lambda session: _read(session, model, what, depth, dict(options)))


def blockers_json(objects: Any, profile: Union[str, BlockersProfile] = "native", *, using: Optional[str] = None,
                  **options: Any) -> str:
    """The same as one JSON document, in the words of the database: "native" tells all, with tokens; "specify" is what Specify 7's
    client reads. `field` may be "table.column" too, as the document names it. Of a child's rows, what refers to the parent's is
    one level down."""
    model, alias, what = _about(objects, using)
    chosen = BlockersProfile[profile.upper()] if isinstance(profile, str) else profile
    if chosen == BlockersProfile.NATIVE:
        options.setdefault("token_key", _token_key())
        options.setdefault("token_max_age_s", conf.get("TOKEN_MAX_AGE"))

    def work(session: Session) -> str:
        ruled = session.ruled(model)
        policy, given = _settled(ruled), dict(options)
        _narrow(ruled, policy, given)
        return session.connection.blockers_json(policy, _select(session, ruled.rules, what), chosen, **given)

    with database_errors(alias):
        return with_session(alias, work)
