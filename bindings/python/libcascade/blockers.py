"""Who refers to the rows that are to be deleted: relation by relation, page by page, nothing changed."""

from __future__ import annotations

import ctypes
import struct
from ctypes import POINTER, byref, c_char_p, cast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Iterator, List, Optional, Sequence, Tuple

from . import _abi
from ._abi import Accuracy, BlockerKind, BlockersCut, BlockersProfile, CountMode, Status, TokenKind
from ._calls import Handle, encode_or_none, failure, lib, text_of
from ._values import Cells, Keys, Loans, Members, Value, make, read_cells
from .graph import Policy, Relation, Selection

if TYPE_CHECKING:
    from .connection import Connection

#: All rows or rounds, where a number of them is wanted.
ALL = 0xFFFFFFFF

_PAGE = Members(_abi.cascade_blockers_page)
_KEYS_SIZE = ctypes.sizeof(_abi.cascade_keys)
_KINDS = {int(kind): kind for kind in BlockerKind}
_ACCURACIES = {int(accuracy): accuracy for accuracy in Accuracy}


@dataclass(frozen=True)
class Request:
    """One relation to look at, from where on. `anchor` is `first` or `last` of an earlier page of it."""

    relation: Relation
    limit: int = 0
    anchor: Optional[Sequence[Value]] = None
    backward: bool = False
    offset: int = 0


@dataclass(frozen=True)
class Total:
    """How many references were counted, of the relations whose pages were given."""

    relations: int
    references: int
    accuracy: Accuracy


@dataclass(frozen=True, eq=False)
class Page:
    """One page of one relation.

    `complete`: no row of this relation comes after this page (going backward, before it); `partial`: a budget ended it before it
    was full. `path` leads from the selection to the rows referred to, and `path_keys` has, for each relation of it, the rows that
    lead to the rows of the page. `behind` are the records to which rows of a join table refer besides, by the
    relation `behind_relation`. `count` is None when rows were not counted.
    """

    relation: Relation
    kind: BlockerKind
    keys: Keys
    first: Optional[Tuple[Value, ...]]
    last: Optional[Tuple[Value, ...]]
    complete: bool
    partial: bool
    depth: int
    path: Tuple[Relation, ...]
    path_keys: Tuple[Keys, ...]
    behind: Optional[Keys]
    behind_relation: Optional[Relation]
    count: Optional[int]
    count_accuracy: Accuracy


def path_of(given: Any) -> Tuple[int, ...]:
    """Numbers of the relations of a page's path."""
    return struct.unpack(f"{given.path_length}I", ctypes.string_at(given.path, given.path_length * 4)) if given.path_length else ()


class _Options:
    """The options of a cursor, with what they point to."""

    def __init__(self, *, limit: int = 0, rounds: int = 0, depth: int = 0, requests: Sequence[Request] = (), max_rows: int = 0,
                 budget_rows: int = 0, budget_ms: int = 0, behind: bool = False, count: CountMode = CountMode.NONE,
                 count_cap: int = 0, token_key: Optional[bytes] = None, token: Optional[str] = None,
                 token_max_age_s: int = 0) -> None:
        self._kept: List[Any] = []
        pointers = (POINTER(_abi.cascade_blockers_request) * max(len(requests), 1))(*[
            POINTER(_abi.cascade_blockers_request)(self._request(request)) for request in requests])
        key = ctypes.create_string_buffer(token_key, len(token_key)) if token_key else None
        self._kept += [pointers, key]
        self.struct = _abi.cascade_blockers_options(
            limit=limit, rounds=rounds, depth=depth, request_count=len(requests), max_rows=max_rows, budget_rows=budget_rows,
            budget_ms=budget_ms, behind=int(behind), count=int(count), count_cap=count_cap, token=encode_or_none(token),
            token_key=cast(key, ctypes.c_void_p) if key else None, token_key_length=len(token_key or b""),
            token_max_age_s=token_max_age_s)
        if requests:
            self.struct.requests = cast(pointers, POINTER(POINTER(_abi.cascade_blockers_request)))
        self.counts = count != CountMode.NONE

    def _request(self, request: Request) -> _abi.cascade_blockers_request:
        cells = None if request.anchor is None else Cells(request.anchor)
        self._kept.append(cells)
        return _abi.cascade_blockers_request(relation=request.relation.number, limit=request.limit, backward=int(request.backward),
                                             offset=request.offset, anchor=cells.pointer if cells else None,
                                             anchor_count=cells.count if cells else 0)


class Blockers(Handle):
    """A cursor over pages, made by Connection.blockers(). Relations come in the order: blocking, cascading, updating, left alone.

    `limit` is the keys of a page, `rounds` the pages of each relation (ALL for all), `depth` the levels to look at, `requests` the
    relations of the first level; `max_rows`, `budget_rows` and `budget_ms` bound the work; `behind` names the records behind join
    tables; `count` counts, to `count_cap`. With a `token_key`, token() makes texts from which another process goes on by `token`.
    """

    def __init__(self, connection: Connection, policy: Policy, selection: Selection, **options: Any) -> None:
        given, out = _Options(**options), POINTER(_abi.cascade_blockers)()
        with connection._session:
            lib.cascade_blockers_open(connection._pointer, policy._pointer, selection._pointer, byref(given.struct), byref(out),
                                      failure())
        super().__init__(out, lib.cascade_blockers_free, connection._session)
        self._connection, self._policy, self._counts = connection, policy, given.counts
        self._loans = Loans()

    def __iter__(self) -> Iterator[Page]:
        return self

    def __next__(self) -> Page:
        with self._connection._session:
            given = self._advance()
            if given is None:
                raise StopIteration
            return self._make_page(given)

    def _advance(self) -> Any:
        """The next page as the library has it, pointers as addresses that hold until the one after it; None after the last."""
        page = POINTER(_abi.cascade_blockers_page)()
        self._loans.recall()
        done = lib.cascade_blockers_next(self._pointer, byref(page), failure()) == Status.DONE
        return None if done else _PAGE.at(page)

    def _make_page(self, given: Any) -> Page:
        find, lend, length = self._policy.relation, self._loans.lend, given.path_length
        return make(
            Page, relation=find(given.relation), kind=_KINDS[given.kind], keys=lend(given.keys, self),
            first=tuple(read_cells(given.first, given.anchor_count)) if given.first else None,
            last=tuple(read_cells(given.last, given.anchor_count)) if given.last else None,
            complete=bool(given.complete), partial=bool(given.partial), depth=given.depth, path=tuple(map(find, path_of(given))),
            path_keys=tuple(lend(given.path_keys + at * _KEYS_SIZE, self) for at in range(length)) if given.path_keys else (),
            behind=lend(given.behind, self) if given.behind else None,
            behind_relation=find(given.behind_relation) if given.behind else None,
            count=given.count if self._counts else None, count_accuracy=_ACCURACIES[given.count_accuracy])

    def close(self) -> None:
        """Ends the cursor. The last page stays readable."""
        if not self.closed and self._connection._session.here:
            with self._connection._session:
                self._loans.recall()
        super().close()

    def token(self, kind: TokenKind = TokenKind.REST) -> Optional[str]:
        """A text from which another process can go on; None when there is nothing to go on with."""
        token = c_char_p()
        with self._connection._session:
            lib.cascade_blockers_token(self._pointer, int(kind), byref(token), failure())
            return token.value.decode("ascii") if token.value is not None else None

    @property
    def cut(self) -> BlockersCut:
        """What ended the cursor before all was given."""
        with self._connection._session:
            return BlockersCut(lib.cascade_blockers_cut(self._pointer))

    def total(self, kind: Optional[BlockerKind] = None) -> Total:
        """Counts of all relations of one kind, or of all, of which this cursor has given the first page."""
        total = _abi.cascade_blockers_total()
        with self._connection._session:
            lib.cascade_blockers_count(self._pointer, int(kind or 0), byref(total))
        return Total(total.relations, total.references, Accuracy(total.accuracy))


def blockers_json(connection: Connection, policy: Policy, selection: Selection, profile: BlockersProfile = BlockersProfile.NATIVE,
                  **options: Any) -> str:
    """A whole cursor as one JSON document. The options are those of Blockers."""
    given = _Options(**options)
    with connection._session:
        return text_of(lib.cascade_blockers_json, connection._pointer, policy._pointer, selection._pointer, byref(given.struct),
                       int(profile))
