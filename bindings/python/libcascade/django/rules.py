"""What the models say about deleting: every relation that a delete can meet, with its rule.

Reads models only, and the content types of generic relations. What comes out is the policy of the library in Django's words;
`sessions` hands it over."""

from __future__ import annotations

from dataclasses import dataclass, field as dataclass_field
from typing import Any, Callable, Container, Dict, Iterator, List, Optional, Tuple, Type

from django.db import connections, models, router
from django.db.models.deletion import get_candidate_relations_to_delete

from . import conf

Model = Type[models.Model]

FOREIGN_KEY = "foreign key"
PARENT = "parent"
GENERIC = "generic relation"


class NotExpressible(Exception):
    """A rule of the models has no counterpart in the library: Django's own collector does such deletes."""


@dataclass(frozen=True)
class Relation:
    """One way in which rows of `model` depend on rows of another model."""

    kind: str
    model: Model
    ref_model: Model
    columns: Tuple[str, ...]
    ref_columns: Tuple[str, ...]
    #: A rule of the library by its name, or "DO_NOTHING".
    rule: str
    #: The field of `model`; for a PARENT the link of the child, for a GENERIC relation the GenericRelation itself.
    field: Any
    #: Condition on the rows of `model`, in SQL.
    where: Optional[str] = None
    #: Of SET_VALUE: gives what the columns are set to, as often as it is asked.
    value: Optional[Callable[[], Any]] = None
    #: Of SET_VALUE: asking runs code of the project, which may write, so that it is asked only when rows are to be set.
    lazy: bool = False

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def ref_table(self) -> str:
        return str(self.ref_model._meta.db_table)

    @property
    def identity(self) -> Tuple[Any, ...]:
        return self.table, self.columns, self.ref_table, self.ref_columns, self.where

    def __str__(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"


@dataclass
class Rules:
    """What a delete of rows of `root` can meet."""

    root: Model
    using: str
    keep_parents: bool
    relations: List[Relation] = dataclass_field(default_factory=list)
    #: Models of which rows may be deleted, by table.
    deleted: Dict[str, Model] = dataclass_field(default_factory=dict)

    @property
    def lazy(self) -> List[Relation]:
        """Relations whose value is asked for only when there are rows."""
        return [relation for relation in self.relations if relation.lazy]


def concrete(model: Model) -> Model:
    """The model behind a proxy."""
    return model._meta.concrete_model


def target_of(field: Any) -> Any:
    """The field whose value a primary key has: that of the parent, where it is a link."""
    while field.remote_field:
        field = field.target_field
    return field


# ---- on_delete ----

def _names_of(handler: Any) -> Tuple[str, str]:
    name = getattr(handler, "__qualname__", type(handler).__qualname__)
    return f"{getattr(handler, '__module__', '')}.{name}", name.rpartition(".")[2]


def _set_to(handler: Any) -> Optional[Tuple[Any]]:
    """What models.SET(...) was given, in a tuple; None for another handler."""
    deconstruct = getattr(handler, "deconstruct", None)
    path, arguments, _ = deconstruct() if deconstruct else ("", (), {})
    return (arguments[0],) if path == "django.db.models.SET" else None


def _prepared(field: Any, value: Any, using: str) -> Any:
    """What an UPDATE of the field would write."""
    if hasattr(value, "prepare_database_save"):
        value = value.prepare_database_save(field)
    if hasattr(value, "resolve_expression"):
        raise NotExpressible(f"{field.model._meta.label}.{field.name} is set to an SQL expression")
    return field.get_db_prep_save(value, connection=connections[using])


def _rule_of(field: Any, using: str) -> Dict[str, Any]:
    """Rule, value and laziness of a foreign key."""
    handler = field.remote_field.on_delete
    known = {models.CASCADE: "CASCADE", models.PROTECT: "PROTECT", models.RESTRICT: "RESTRICT", models.SET_NULL: "SET_NULL",
             models.DO_NOTHING: "DO_NOTHING"}
    if handler in known:
        return {"rule": known[handler]}
    given = _set_to(handler)
    if handler is models.SET_DEFAULT:
        lazy = callable(field.default)
        read: Callable[[], Any] = field.get_default
    elif given:
        (value,) = given
        lazy = callable(value)
        read = value if lazy else lambda: value
    else:
        declared = conf.handlers()
        path, name = _names_of(handler)
        rule = declared.get(path) or declared.get(name)
        if rule:
            return {"rule": rule}
        raise NotExpressible(f"on_delete of {field.model._meta.label}.{field.name} is {path}, which is not known; say in "
                             f"LIBCASCADE['HANDLERS'] which rule it stands for")
    if not lazy and read() is None:
        return {"rule": "SET_NULL"}
    return {"rule": "SET_VALUE", "lazy": lazy, "value": lambda: _prepared(field, read(), using)}


# ---- relations ----

#: Whether rows of a model are in the database.
Lives = Callable[[Model], bool]


def _hides_rows(model: Model) -> bool:
    """Whether Django would overlook rows: it looks for related objects with the base manager."""
    query = model._base_manager.get_queryset().query
    return bool(query.where) or query.is_sliced or bool(query.combinator)


def _check_visible(model: Model) -> None:
    if _hides_rows(model):
        raise NotExpressible(f"the base manager of {model._meta.label} hides rows, so that Django leaves them alone")


def _foreign_key(field: Any, using: str) -> Relation:
    for part in field.local_related_fields:
        if concrete(part.model) is not concrete(field.model):
            raise NotExpressible(f"{field.model._meta.label}.{field.name} is made of columns of {part.model._meta.label}")
    ref_model = field.foreign_related_fields[0].model
    return Relation(FOREIGN_KEY, concrete(field.model), concrete(ref_model),
                    tuple(part.column for part in field.local_related_fields),
                    tuple(part.column for part in field.foreign_related_fields), field=field, **_rule_of(field, using))


def _foreign_keys(model: Model, using: str, lives: Lives) -> Iterator[Relation]:
    for related in get_candidate_relations_to_delete(model._meta):
        if lives(related.related_model):
            relation = _foreign_key(related.field, using)
            if relation.rule != "DO_NOTHING":
                _check_visible(relation.model)
            yield relation


def _parents(model: Model) -> Iterator[Relation]:
    """Rows of parents go with the child's: as if they referred to it."""
    for link in concrete(model)._meta.parents.values():
        if link and concrete(link.model) is concrete(model):
            (target,) = link.foreign_related_fields
            yield Relation(PARENT, concrete(target.model), concrete(model), (target.column,), (link.column,), "CASCADE", link)


def _comparable(key: Any, pk: Any, using: str) -> bool:
    """Whether the database compares the column of a generic relation with a primary key as Django compares it with the key's
    value. A text and a number are never taken for comparable: '07' would be 7 on SQLite, '7 apples' on MariaDB, and PostgreSQL
    refuses it."""
    pk = target_of(pk)
    if isinstance(key, models.IntegerField) and isinstance(pk, models.IntegerField):
        return True
    types = {str(field.rel_db_type(connections[using])) for field in (key, pk)}
    if len(types) > 1 and not all(name.partition("(")[0] in ("varchar", "text", "longtext") for name in types):
        return False
    return getattr(key, "db_collation", None) == getattr(pk, "db_collation", None)


def _generic(model: Model, using: str, lives: Lives) -> Iterator[Relation]:
    for field in model._meta.private_fields:
        if not hasattr(field, "bulk_related_objects"):
            continue
        from django.contrib.contenttypes.fields import GenericRelation
        from django.contrib.contenttypes.models import ContentType

        if type(field).bulk_related_objects is not GenericRelation.bulk_related_objects:
            raise NotExpressible(f"{model._meta.label}.{field.name} finds its objects in a way of its own")
        holder = field.remote_field.model
        if not lives(holder):
            continue
        _check_visible(holder)
        key, kind = (holder._meta.get_field(name) for name in (field.object_id_field_name, field.content_type_field_name))
        if {concrete(key.model), concrete(kind.model)} != {concrete(holder)}:
            raise NotExpressible(f"{model._meta.label}.{field.name} refers by columns of a parent of {holder._meta.label}")
        if not _comparable(key, model._meta.pk, using):
            raise NotExpressible(f"{holder._meta.label}.{key.name} is of another type than the primary key of {model._meta.label}")
        type_id = ContentType.objects.db_manager(using).get_for_model(field.model, for_concrete_model=field.for_concrete_model).pk
        yield Relation(GENERIC, concrete(holder), concrete(model), (key.column,), (model._meta.pk.column,), "CASCADE", field,
                       where=f"{connections[using].ops.quote_name(kind.column)} = {int(type_id)}")


def _add(rules: Rules, relation: Relation) -> bool:
    """Whether it is new."""
    for other in rules.relations:
        if other.identity == relation.identity:
            if other.field is not relation.field and (other.rule, relation.rule) != (relation.rule, "CASCADE"):
                raise NotExpressible(f"{other} and {relation} are the same columns, with different rules")
            return False
    rules.relations.append(relation)
    return True


def _check_key(model: Model, using: str) -> None:
    """Keys of these types are, on PostgreSQL, no values of Python's that the library would take as they are."""
    pk = target_of(model._meta.pk)
    if connections[using].vendor == "postgresql" and isinstance(pk, (
            models.BinaryField, models.DurationField, models.FloatField, models.GenericIPAddressField)):
        raise NotExpressible(f"the primary key of {model._meta.label} is a {type(pk).__name__}")


def read(root: Model, using: str, keep_parents: bool = False, tables: Container[str] = ()) -> Rules:
    """The rules for deleting rows of a model. Raises NotExpressible. Of `tables` it is known that they are in the database, where
    the router says only what is migrated there."""
    _check_key(root, using)
    rules = Rules(root, using, keep_parents)
    #: Models, and whether their rows go as more than the parent's part of a row: as in Django, what is generic is looked for by the
    #: type of the row itself.
    seen: Dict[Model, bool] = {root: True}
    waiting = [root]
    rules.deleted[root._meta.db_table] = concrete(root)

    def lives(model: Model) -> bool:
        return router.allow_migrate_model(using, model) or model._meta.db_table in tables

    def follow(model: Model, whole: bool) -> None:
        rules.deleted.setdefault(model._meta.db_table, model)
        if whole > seen.get(model, -1):
            seen[model] = whole
            waiting.append(model)

    while waiting:
        model = waiting.pop()
        found = [*_foreign_keys(model, using, lives), *(_generic(model, using, lives) if seen[model] else ())]
        if keep_parents and model is root:
            kept = {concrete(parent) for parent in model._meta.get_parent_list()}
            found = [relation for relation in found if relation.ref_model not in kept]
        else:
            found += _parents(model)
        for relation in found:
            _add(rules, relation)
            if relation.rule == "CASCADE":
                follow(relation.model, relation.kind != PARENT)
    return rules

