"""The library through ctypes: as much of it as the tests in Python need.

LIBCASCADE_PATH names the shared library. Every failure is raised as a Failure with its status. Layouts and prototypes are those
that the Python package has from the headers, which tests/python holds against the library; nothing else of the package is
used: importing it would load the library into processes that only watch the command.
"""
import ctypes as c
import importlib.util
import os
import pathlib
import sys

spec = importlib.util.spec_from_file_location(
    'cascade_abi', pathlib.Path(__file__).resolve().parents[2] / 'bindings/python/libcascade/_abi.py')
_abi = sys.modules['cascade_abi'] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(_abi)
from cascade_abi import (  # noqa: E402, F401
    cascade_archive_options as ArchiveOptions, cascade_archive_report as ArchiveReport, cascade_archive_write as WRITE,
    cascade_batch_info as BatchInfo, cascade_blockers_options as BlockersOptions, cascade_blockers_page as BlockersPage,
    cascade_blockers_request as BlockersRequest, cascade_blockers_total as BlockersTotal,
    cascade_connection_options as ConnectionOptions, cascade_detach_options as DetachOptions, cascade_fill_options as FillOptions,
    cascade_fill_range as FillRange, cascade_fill_report as FillReport, cascade_fill_rows as ROWS,
    cascade_fill_target as FillTarget, cascade_hook as HOOK, cascade_job_options as JobOptions, cascade_keys as Keys,
    cascade_outbox_options as OutboxOptions, cascade_plan_info as PlanInfo, cascade_plan_options as PlanOptions,
    cascade_purge_options as PurgeOptions, cascade_purge_report as PurgeReport, cascade_relation_info as RelationInfo,
    cascade_row_columns as RowColumns, cascade_step_info as StepInfo, cascade_table_info as TableInfo,
    cascade_table_report as TableReport, cascade_value as Value, cascade_worker_options as WorkerOptions)

U32, U64, I32, I64, TEXT = c.c_uint32, c.c_uint64, c.c_int32, c.c_int64, c.c_char_p
OWN_TEXT = c.POINTER(c.c_char)  # to be freed with cascade_text_free()
NULL, INT64, UINT64, DOUBLE, CHARS, BLOB, DECIMAL = 0, 1, 2, 3, 4, 5, 6
RULES = {1: 'CASCADE', 2: 'PROTECT', 3: 'RESTRICT', 4: 'SET NULL', 5: 'SET DEFAULT', 6: 'SET_VALUE', 7: 'IGNORE'}
BLOCKING, CASCADING, UPDATING, LEFT_ALONE = 1, 2, 3, 4
CHECKED, PROVEN = 0, 1
OK, DONE = 0, 1


class Failure(Exception):
    def __init__(self, status, message):
        super().__init__(f'{status}: {message}')
        self.status, self.message = status, message


def value(x):
    """A Value from Python. The caller keeps what it returns alive."""
    v = Value(type=NULL)
    if isinstance(x, int):
        v.type, v.integer = INT64, x
    elif isinstance(x, float):
        v.type, v.real = DOUBLE, x
    elif isinstance(x, (str, bytes)):
        data = x.encode() if isinstance(x, str) else x
        v.type, v.length = (CHARS if isinstance(x, str) else BLOB), len(data)
        v.data = c.cast(c.create_string_buffer(data, len(data) + 1), c.c_void_p)
    return v


def unvalue(v):
    if v.type == NULL:
        return None
    if v.type == INT64:
        return v.integer
    if v.type == UINT64:
        return v.integer % 2 ** 64
    if v.type == DOUBLE:
        return v.real
    data = c.string_at(v.data, v.length) if v.length else b''
    return data.decode() if v.type in (CHARS, DECIMAL) else data


def keys(k):
    """Keys as a list of tuples."""
    if k.integers:
        return [(i,) for i in k.integers[:k.count]]
    n = k.column_count
    return [tuple(unvalue(k.cells[i * n + j]) for j in range(n)) for i in range(k.count)]


def place(kind):
    """Where a pointer to an object of the library is written."""
    return c.POINTER(getattr(_abi, 'cascade_' + kind))()


class Library:
    """One instance for a process."""
    def __init__(self):
        self.lib = c.CDLL(os.environ['LIBCASCADE_PATH'])
        _abi.Functions(self.lib, lambda status, *_: status)

    def call(self, name, *arguments):
        """Calls cascade_NAME with an error place behind the arguments; gives the status, or raises."""
        error = place('error')
        status = getattr(self.lib, 'cascade_' + name)(*arguments, c.byref(error))
        if status < 0:
            raise self.failure(status, error)
        return status

    def failure(self, status, error):
        """Frees the error."""
        message = self.lib.cascade_error_message(error).decode(errors='replace')
        self.lib.cascade_error_free(error)
        return Failure(self.lib.cascade_status_name(status).decode(), message)

    def make(self, kind, name, *arguments):
        out = place(kind)
        self.call(name, *arguments, c.byref(out))
        return Handle(self, kind, out)

    def text(self, name, *arguments):
        """What a call writes into a text of its own; None when it wrote nothing."""
        out = OWN_TEXT()
        self.call(name, *arguments, c.byref(out))
        words = c.string_at(out).decode() if out else None
        self.lib.cascade_text_free(out)
        return words

    def check(self, name, *arguments):
        status = getattr(self.lib, 'cascade_' + name)(*arguments)
        if status < 0:
            raise Failure(self.lib.cascade_status_name(status).decode(), name)


class Handle:
    """An object of the library, freed with it."""
    def __init__(self, library, kind, pointer):
        self.library, self.kind, self.pointer = library, kind, pointer

    @property
    def _as_parameter_(self):
        return self.pointer

    def free(self):
        if self.pointer:
            getattr(self.library.lib, f'cascade_{self.kind}_free')(self.pointer)
            self.pointer = None

    __del__ = free

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.free()


class Session:
    """A connection with its graph and a policy. `adopted`: driver and handle of the host, instead of a URI."""
    def __init__(self, library, uri, policy=None, lock_timeout_ms=0, adopted=None):
        self.library = library
        self.context = library.make('context', 'context_new', None)
        options = ConnectionOptions(lock_timeout_ms=lock_timeout_ms)
        if adopted:
            self.connection = library.make('connection', 'connection_adopt', self.context, adopted[0].encode(), adopted[1], None)
        else:
            self.connection = library.make('connection', 'connection_open', self.context, uri.encode(), c.byref(options))
        self.graph = library.make('graph', 'graph_read', self.connection, None)
        if policy is None:
            self.policy = library.make('policy', 'policy_new', self.graph, None)
        else:
            text = policy.encode()
            self.policy = library.make('policy', 'policy_load', self.graph, text, len(text))

    def close(self):
        for h in (self.policy, self.graph, self.connection, self.context):
            h.free()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def statements(self):
        return self.library.lib.cascade_connection_statements(self.connection)

    def select(self, table, rows, columns):
        """Selection by primary keys: tuples of that many values."""
        cells = [value(x) for row in rows for x in row]
        array = (Value * max(len(cells), 1))(*cells)
        return self.library.make('selection', 'selection_keys', self.graph, table.encode(), array, len(rows), columns)

    def select_integers(self, table, numbers):
        array = (I64 * max(len(numbers), 1))(*numbers)
        return self.library.make('selection', 'selection_integers', self.graph, table.encode(), array, len(numbers))

    def select_texts(self, table, texts):
        array = (TEXT * max(len(texts), 1))(*[t.encode() for t in texts])
        return self.library.make('selection', 'selection_parse', self.graph, table.encode(), array, len(texts))

    def select_where(self, table, condition, parameters=()):
        cells = [value(x) for x in parameters]
        array = (Value * max(len(cells), 1))(*cells)
        return self.library.make('selection', 'selection_where', self.graph, table.encode(), condition.encode(),
            array, len(cells))

    def relation(self, number):
        info = RelationInfo()
        self.library.check('policy_relation', self.policy, number, c.byref(info))
        return info

    def relation_count(self):
        return self.library.lib.cascade_policy_relation_count(self.policy)

    def table_name(self, number):
        info = TableInfo()
        self.library.check('graph_table', self.graph, number, c.byref(info))
        return info.name.decode()

    def plan(self, selection, max_rows=0):
        return Plan(self, selection, max_rows)

    def blockers(self, selection, limit=0, rounds=0, depth=0):
        """All pages, as (relation number, kind, keys, complete, depth)."""
        options = BlockersOptions(limit=limit, rounds=rounds, depth=depth)
        pages = []
        with self.library.make('blockers', 'blockers_open', self.connection, self.policy, selection,
                c.byref(options)) as cursor:
            page = c.POINTER(BlockersPage)()
            while self.library.call('blockers_next', cursor, c.byref(page)) == OK:
                p = page.contents
                pages.append((p.relation, p.kind, keys(p.keys.contents), p.complete, p.depth))
        return pages

    def cursor(self, selection, requests=(), **options):
        """A cursor over blockers, to be driven by hand. Requests are dictionaries; an anchor is a list of values or of a page."""
        return Cursor(self, selection, requests, options)

    def probe(self, selection, max_rows=0):
        """The answer, and the relation that blocks or None."""
        answer, relation = I32(), U32()
        self.library.call('blockers_probe', self.connection, self.policy, selection, max_rows, c.byref(answer), c.byref(relation))
        return answer.value, None if relation.value == 2 ** 32 - 1 else relation.value

    def purge(self, selection, on_batch=None, collect=False, **options):
        return Purge(self, selection, on_batch, collect, options)


class Anchor:
    """The cells of a page's first or last row, copied."""
    def __init__(self, cells, count):
        self.count = count
        self.array = (Value * count)(*(cells[i] for i in range(count)))
        for v in self.array:
            if v.length:
                v.data = c.cast(c.create_string_buffer(c.string_at(v.data, v.length), v.length + 1), c.c_void_p)


class Page:
    """A page, copied."""
    def __init__(self, p):
        self.relation, self.kind, self.keys = p.relation, p.kind, keys(p.keys.contents)
        self.complete, self.partial, self.depth = bool(p.complete), bool(p.partial), p.depth
        self.first = Anchor(p.first, p.anchor_count) if p.first else None
        self.last = Anchor(p.last, p.anchor_count) if p.last else None
        self.count, self.accuracy = p.count, p.count_accuracy
        self.path = tuple(p.path[:p.path_length])
        self.path_keys = [keys(p.path_keys[i]) for i in range(p.path_length)]
        self.behind = keys(p.behind.contents) if p.behind else None
        self.behind_relation = p.behind_relation


class Cursor:
    def __init__(self, session, selection, requests, options):
        self.library, self.kept = session.library, []
        array = (c.POINTER(BlockersRequest) * max(len(requests), 1))(*(self.request(**r) for r in requests))
        token_key = options.pop('token_key', None)
        options = BlockersOptions(request_count=len(requests), requests=array if requests else None,
            token_key=c.cast(token_key, c.c_void_p), token_key_length=len(token_key or b''), **options)
        self.handle = self.library.make('blockers', 'blockers_open', session.connection, session.policy, selection,
            c.byref(options))

    def request(self, anchor=None, **fields):
        if anchor is not None and not isinstance(anchor, Anchor):
            anchor = Anchor([value(x) for x in anchor], len(anchor))
        r = BlockersRequest(anchor=anchor.array if anchor else None, anchor_count=anchor.count if anchor else 0, **fields)
        self.kept += [r, anchor]
        return c.pointer(r)

    def next(self):
        """The next page; None at the end."""
        page = c.POINTER(BlockersPage)()
        return Page(page.contents) if self.library.call('blockers_next', self.handle, c.byref(page)) == OK else None

    def pages(self):
        return list(iter(self.next, None))

    def token(self, kind=0):
        """A token; None when there is nothing to go on with."""
        text = TEXT()
        status = self.library.call('blockers_token', self.handle, kind, c.byref(text))
        return text.value if status == OK else None

    def cut(self):
        return self.library.lib.cascade_blockers_cut(self.handle)

    def total(self, kind=0):
        """(relations, references, accuracy)"""
        total = BlockersTotal()
        self.library.check('blockers_count', self.handle, kind, c.byref(total))
        return total.relations, total.references, total.accuracy

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.handle.free()


class Plan:
    def __init__(self, session, selection, max_rows):
        self.library = session.library
        self.handle = self.library.make('plan', 'plan_new', session.connection, session.policy, selection,
            c.byref(PlanOptions(max_rows=max_rows)))
        info = PlanInfo()
        self.library.check('plan_describe', self.handle, c.byref(info))
        self.roots, self.deleted, self.updated, self.blocking = info.roots, info.deleted, info.updated, info.blocking
        self.accuracy, self.blocked, self.fingerprint = info.accuracy, info.blocked, info.fingerprint.decode()
        self.steps = []
        for i in range(info.step_count):
            step = StepInfo()
            self.library.check('plan_step', self.handle, i, c.byref(step))
            self.steps.append((step.kind, session.table_name(step.table), step.relation, step.rows))

    def text(self):
        return self.library.text('plan_text', self.handle)


class Purge:
    """Runs a purge to its end. `failure` is the Failure that ended it; `prepared`: it was not refused at the start."""
    def __init__(self, session, selection, on_batch, collect, options):
        library = session.library
        self.keys = {}
        self.pending = {}
        self.batches, self.failure, self.prepared = [], None, False

        def remember(_, tables, count):
            self.pending = {}
            for t in tables[:count]:
                self.pending.setdefault(session.table_name(t.table), []).extend(keys(t.keys.contents))
            return 0
        self.hook = HOOK(remember) if collect else HOOK()
        settings = PurgeOptions(after_batch=self.hook, **options)
        try:
            handle = library.make('purge', 'purge_new', session.connection, session.policy, selection,
                c.byref(settings))
        except Failure as e:
            self.failure, self.deleted, self.updated, self.finished, self.tables = e, 0, 0, False, {}
            return
        self.prepared = True
        with handle:
            batch = c.POINTER(BatchInfo)()
            try:
                while library.call('purge_next', handle, c.byref(batch)) == OK:
                    b = batch.contents
                    self.batches.append((b.deleted, b.updated))
                    for name, found in self.pending.items():
                        self.keys.setdefault(name, []).extend(found)
                    self.pending = {}
                    if on_batch:
                        on_batch(b, lambda: library.lib.cascade_purge_cancel(handle))
            except Failure as e:
                self.failure = e
            report = PurgeReport()
            library.check('purge_describe', handle, c.byref(report))
            self.deleted, self.updated = report.deleted, report.updated
            self.finished, self.longest_ns = bool(report.finished), report.longest_ns
            self.tables = {}
            for i in range(report.table_count):
                t = TableReport()
                library.check('purge_table', handle, i, c.byref(t))
                self.tables[session.table_name(t.table)] = (t.deleted, t.updated)
