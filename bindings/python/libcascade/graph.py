"""The foreign-key graph, and what happens to referencing rows."""

from __future__ import annotations

import json
from ctypes import POINTER, byref, c_uint32, cast, c_char_p
from dataclasses import dataclass
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Optional, Sequence, Tuple, Union

from . import _abi
from ._abi import Action, ColumnFlag, Hidden, RelationFlag, Rule, TableFlag, TableKind
from ._calls import Handle, encode, encode_or_none, failure, lib, text_of
from ._values import Cells, Value, integers_of, names

NamesOrName = Union[str, Sequence[str]]


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")


def _optional(value: Optional[bytes]) -> Optional[str]:
    return None if value is None else value.decode("utf-8", "replace")


@dataclass(frozen=True)
class Table:
    """A table. `row_estimate` is None when the engine has none; `part_of` names the partitioned table of a partition."""

    number: int
    schema: str
    name: str
    label: str
    kind: TableKind
    flags: TableFlag
    column_count: int
    key: Tuple[str, ...]
    row_estimate: Optional[int]
    component: int
    component_size: int
    part_of: Optional[str]


@dataclass(frozen=True)
class Column:
    """A column. `default_sql` is None without a default."""

    name: str
    type: str
    default_sql: Optional[str]
    flags: ColumnFlag


@dataclass(frozen=True)
class Relation:
    """A foreign key, of the database or declared by a policy; `rule` is what the library does with it."""

    number: int
    name: str
    label: str
    table: int
    ref_table: int
    columns: Tuple[str, ...]
    ref_columns: Tuple[str, ...]
    flags: RelationFlag
    on_delete: Action
    on_update: Action
    rule: Rule
    index: str
    set_columns: Optional[Tuple[str, ...]]


def _relation(number: int, info: _abi.cascade_relation_info) -> Relation:
    return Relation(number, _text(info.name), _text(info.label), info.table, info.ref_table, names(info.columns, info.column_count),
                    names(info.ref_columns, info.column_count), RelationFlag(info.flags), Action(info.on_delete),
                    Action(info.on_update), Rule(info.rule), _text(info.index),
                    names(info.set_columns, info.set_column_count) if info.set_columns else None)


class Graph(Handle):
    """Tables, columns, keys and relations. Immutable; any number of threads may use it."""

    def __init__(self, pointer: Any) -> None:
        super().__init__(pointer, lib.cascade_graph_free)
        self._tables: Dict[int, Table] = {}

    @classmethod
    def load(cls, text: str, context: Optional[Any] = None) -> Graph:
        """A graph from the JSON that json() writes. Touches no database."""
        from .connection import Context
        data, out = text.encode("utf-8", "surrogateescape"), POINTER(_abi.cascade_graph)()
        context = context or Context()
        lib.cascade_graph_load(context._pointer, data, len(data), byref(out), failure())
        graph = cls(out)
        graph._context = context  # type: ignore[attr-defined]
        return graph

    def json(self) -> str:
        """The whole graph; the same graph gives the same text."""
        return text_of(lib.cascade_graph_json, self._pointer)

    def dot(self, table: Optional[str] = None) -> str:
        """The graph for Graphviz, or what can reach one table."""
        return text_of(lib.cascade_graph_dot, self._pointer, encode_or_none(table))

    @property
    def hidden(self) -> Hidden:
        """What may be missing, because the database did not show it to the user who read the graph."""
        return Hidden(lib.cascade_graph_hidden(self._pointer))

    def find(self, name: str) -> Table:
        """The table of that name: "table", "schema.table" or a label."""
        number = c_uint32()
        lib.cascade_graph_find_table(self._pointer, encode(name), byref(number), failure())
        return self.table(number.value)

    def table(self, number: int) -> Table:
        """The table of that number."""
        pointer, found = self._pointer, self._tables.get(number)
        if found is None:
            info = _abi.cascade_table_info()
            lib.cascade_graph_table(pointer, number, byref(info))
            found = self._tables[number] = Table(
                number, _text(info.schema), _text(info.name), _text(info.label), TableKind(info.kind), TableFlag(info.flags),
                info.column_count, names(info.key, info.key_count), None if info.row_estimate < 0 else info.row_estimate,
                info.component, info.component_size, _optional(info.part_of))
        return found

    @property
    def tables(self) -> List[Table]:
        """All tables, in the order of their names."""
        return [self.table(i) for i in range(lib.cascade_graph_table_count(self._pointer))]

    def columns(self, table: Union[str, int, Table]) -> List[Column]:
        """The columns of a table."""
        found = self._resolve(table)
        columns = []
        for i in range(found.column_count):
            info = _abi.cascade_column_info()
            lib.cascade_graph_column(self._pointer, found.number, i, byref(info))
            columns.append(Column(_text(info.name), _text(info.type), _optional(info.default_sql), ColumnFlag(info.flags)))
        return columns

    def relation(self, number: int) -> Relation:
        """The relation of that number, with the rule that follows from the database's action."""
        info = _abi.cascade_relation_info()
        lib.cascade_graph_relation(self._pointer, number, byref(info))
        return _relation(number, info)

    @property
    def relations(self) -> List[Relation]:
        """All relations, grouped by referencing table."""
        return [self.relation(i) for i in range(lib.cascade_graph_relation_count(self._pointer))]

    def relations_to(self, table: Union[str, int, Table]) -> List[Relation]:
        """Relations whose referenced table this is."""
        return self._relations(lib.cascade_graph_relations_to, table)

    def relations_from(self, table: Union[str, int, Table]) -> List[Relation]:
        """Relations whose referencing table this is."""
        return self._relations(lib.cascade_graph_relations_from, table)

    def _relations(self, function: Any, table: Union[str, int, Table]) -> List[Relation]:
        numbers, count = POINTER(c_uint32)(), c_uint32()
        function(self._pointer, self._resolve(table).number, byref(numbers), byref(count))
        return [self.relation(numbers[i]) for i in range(count.value)]

    def reach(self, table: Union[str, int, Table], cascading_only: bool = False) -> List[Table]:
        """Tables that deleting rows of a table can reach, itself first."""
        numbers = (c_uint32 * max(lib.cascade_graph_table_count(self._pointer), 1))()
        count = c_uint32()
        lib.cascade_graph_reach(self._pointer, self._resolve(table).number, int(cascading_only), numbers, byref(count), failure())
        return [self.table(number) for number in numbers[:count.value]]

    def path(self, dependent: Union[str, int, Table], to: Union[str, int, Table]) -> List[Relation]:
        """A shortest chain of relations by which rows of `dependent` depend on rows of `to`."""
        numbers = (c_uint32 * max(lib.cascade_graph_table_count(self._pointer), 1))()
        count = c_uint32()
        lib.cascade_graph_path(self._pointer, self._resolve(dependent).number, self._resolve(to).number, numbers, byref(count),
                               failure())
        return [self.relation(number) for number in numbers[:count.value]]

    def _resolve(self, table: Union[str, int, Table]) -> Table:
        if isinstance(table, Table):
            return table
        return self.find(table) if isinstance(table, str) else self.table(table)

    def select(self, table: Union[str, Table], keys: Any) -> Selection:
        """Rows by their primary keys: integers in anything that can be iterated over or in a buffer (``array``, ``memoryview``,
        numpy), which is not copied first; else values, or tuples of the values of several columns. A single key needs no list
        around it unless it is a tuple."""
        if isinstance(keys, (str, bytes)) or not (hasattr(keys, "__iter__") or hasattr(keys, "__len__")):
            keys = [keys]
        out, name = POINTER(_abi.cascade_selection)(), self._name(table)
        integers = integers_of(keys if hasattr(keys, "__len__") else (keys := list(keys)))
        if integers is not None:
            lib.cascade_selection_integers(self._pointer, name, integers, len(integers), byref(out), failure())
            return Selection(out, self)
        rows = [row if isinstance(row, (tuple, list)) else (row,) for row in keys]
        width = len(rows[0]) if rows else 1
        if any(len(row) != width for row in rows):
            raise ValueError("the keys are not all of the same number of columns")
        cells = Cells(value for row in rows for value in row)
        lib.cascade_selection_keys(self._pointer, name, cells.pointer, len(rows), width, byref(out), failure())
        return Selection(out, self)

    def where(self, table: Union[str, Table], condition: Optional[str], parameters: Iterable[Any] = ()) -> Selection:
        """Rows that meet an SQL condition on the table's columns. Trusted: foreign values belong into `parameters`, one for each
        ``?``. None selects every row."""
        cells, out = Cells(parameters), POINTER(_abi.cascade_selection)()
        lib.cascade_selection_where(self._pointer, self._name(table), encode_or_none(condition), cells.pointer, cells.count,
                                    byref(out), failure())
        return Selection(out, self)

    def parse(self, table: Union[str, Table], keys: Iterable[str]) -> Selection:
        """Rows by primary keys as a person has written them, each checked against the type of its column: ``7``, ``7,de``."""
        texts, out = [encode(key) for key in keys], POINTER(_abi.cascade_selection)()
        array = (c_char_p * max(len(texts), 1))(*texts)
        lib.cascade_selection_parse(self._pointer, self._name(table), cast(array, POINTER(c_char_p)), len(texts), byref(out),
                                    failure())
        return Selection(out, self)

    @staticmethod
    def _name(table: Union[str, Table]) -> bytes:
        return encode(table.label if isinstance(table, Table) else table)


class Selection(Handle):
    """The rows that a request starts from. Immutable; any number of threads may use it. Made by a Graph."""

    def __init__(self, pointer: Any, graph: Graph) -> None:
        super().__init__(pointer, lib.cascade_selection_free)
        self.graph = graph

    @property
    def table(self) -> Table:
        """The table that it is of."""
        return self.graph.table(lib.cascade_selection_table(self._pointer))


@dataclass(frozen=True)
class Override:
    """A rule for a relation of the database; or, when none is as described, a declared relation, which needs `ref_table`.

    `where` is an SQL condition on the referencing table, for declared relations; `values` go with Rule.SET_VALUE.
    """

    table: str
    columns: NamesOrName
    rule: Rule = Rule.DEFAULT
    ref_table: Optional[str] = None
    ref_columns: NamesOrName = ()
    values: Sequence[Value] = ()
    where: Optional[str] = None


class _Arrays:
    """Keeps alive what a struct points to."""

    def __init__(self) -> None:
        self._kept: List[Any] = []

    def texts(self, values: NamesOrName) -> Tuple[Any, int]:
        values = (values,) if isinstance(values, str) else tuple(values)
        if not values:
            return None, 0
        made = (c_char_p * len(values))(*[encode(value) for value in values])
        self._kept.append(made)
        return cast(made, POINTER(c_char_p)), len(values)

    def cells(self, values: Sequence[Value]) -> Tuple[Any, int]:
        made = Cells(values)
        self._kept.append(made)
        return made.pointer, made.count


def _entry(override: Override, arrays: _Arrays) -> _abi.cascade_policy_entry:
    columns, column_count = arrays.texts(override.columns)
    ref_columns, ref_count = arrays.texts(override.ref_columns)
    values, value_count = arrays.cells(override.values)
    return _abi.cascade_policy_entry(
        table=encode(override.table), columns=columns, column_count=column_count, ref_table=encode_or_none(override.ref_table),
        ref_columns=ref_columns, ref_column_count=ref_count, rule=int(override.rule), values=values, value_count=value_count,
        where=encode_or_none(override.where))


class Policy(Handle):
    """What happens to referencing rows, relation by relation. Immutable; any number of threads may use it.

    Without a word from the host, rules follow from the database's own actions. `exclude` names tables whose rows are never touched.
    """

    def __init__(self, graph: Graph, overrides: Iterable[Override] = (), exclude: Iterable[str] = ()) -> None:
        arrays, out = _Arrays(), POINTER(_abi.cascade_policy)()
        entries = [_entry(override, arrays) for override in overrides]
        pointers = (POINTER(_abi.cascade_policy_entry) * max(len(entries), 1))(
            *[POINTER(_abi.cascade_policy_entry)(entry) for entry in entries])
        excluded, exclude_count = arrays.texts(tuple(exclude))
        options = _abi.cascade_policy_options(
            entries=cast(pointers, POINTER(POINTER(_abi.cascade_policy_entry))), entry_count=len(entries), exclude=excluded,
            exclude_count=exclude_count)
        lib.cascade_policy_new(graph._pointer, byref(options), byref(out), failure())
        self._adopt(out, graph)

    def _adopt(self, pointer: Any, graph: Graph) -> None:
        super().__init__(pointer, lib.cascade_policy_free)
        self.graph = graph
        self._relations: Dict[int, Relation] = {}

    @classmethod
    def load(cls, graph: Graph, document: Union[str, bytes, Mapping[str, Any], List[Any]]) -> Policy:
        """A policy from a JSON document, or from what such a document is in Python."""
        if not isinstance(document, (str, bytes)):
            document = json.dumps(document)
        data = document.encode("utf-8", "surrogateescape") if isinstance(document, str) else document
        out = POINTER(_abi.cascade_policy)()
        lib.cascade_policy_load(graph._pointer, data, len(data), byref(out), failure())
        made = cls.__new__(cls)
        made._adopt(out, graph)
        return made

    def relation(self, number: int) -> Relation:
        """The relation of that number, with the rule that holds for it."""
        pointer, found = self._pointer, self._relations.get(number)
        if found is None:
            info = _abi.cascade_relation_info()
            lib.cascade_policy_relation(pointer, number, byref(info))
            found = self._relations[number] = _relation(number, info)
        return found

    def __len__(self) -> int:
        return int(lib.cascade_policy_relation_count(self._pointer))

    def __iter__(self) -> Iterator[Relation]:
        return (self.relation(i) for i in range(len(self)))

    @property
    def relations(self) -> List[Relation]:
        """All relations: the graph's, in the same order, then the declared ones."""
        return list(self)
