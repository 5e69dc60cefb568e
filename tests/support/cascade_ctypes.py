"""The library through ctypes: as much of it as the tests in Python need.

LIBCASCADE_PATH names the shared library. Every failure is raised as a Failure with its status.
"""
import ctypes as c
import os

U32, U64, I32, I64, SIZE, TEXT = c.c_uint32, c.c_uint64, c.c_int32, c.c_int64, c.c_size_t, c.c_char_p
P = c.c_void_p
NULL, INT64, UINT64, DOUBLE, CHARS, BLOB, DECIMAL = 0, 1, 2, 3, 4, 5, 6
RULES = {1: 'CASCADE', 2: 'PROTECT', 3: 'RESTRICT', 4: 'SET NULL', 5: 'SET DEFAULT', 6: 'SET_VALUE', 7: 'IGNORE'}
BLOCKING, CASCADING, UPDATING, LEFT_ALONE = 1, 2, 3, 4
CHECKED, PROVEN = 0, 1
OK, DONE = 0, 1


class Struct(c.Structure):
    """Sets `size` by itself."""
    def __init__(self, **fields):
        super().__init__(size=c.sizeof(type(self)), **fields)


class Value(c.Structure):
    _fields_ = [('type', I32), ('reserved', I32), ('integer', I64), ('real', c.c_double),
        ('data', c.POINTER(c.c_char)), ('length', U64)]


class Keys(Struct):
    _fields_ = [('size', SIZE), ('count', U64), ('column_count', U32), ('reserved', U32), ('columns', c.POINTER(TEXT)),
                ('integers', c.POINTER(I64)), ('cells', c.POINTER(Value))]


class ConnectionOptions(Struct):
    _fields_ = [('size', SIZE), ('lock_timeout_ms', U32), ('reserved', U32)]


class RelationInfo(Struct):
    _fields_ = [('size', SIZE), ('name', TEXT), ('label', TEXT), ('table', U32), ('ref_table', U32),
        ('column_count', U32), ('flags', U32),
                ('columns', c.POINTER(TEXT)), ('ref_columns', c.POINTER(TEXT)), ('on_delete', I32),
                ('on_update', I32), ('rule', I32),
                ('reserved', I32), ('index', TEXT)]


class TableInfo(Struct):
    _fields_ = [('size', SIZE), ('schema', TEXT), ('name', TEXT), ('label', TEXT), ('kind', I32), ('flags', U32),
        ('column_count', U32),
                ('key_count', U32), ('key', c.POINTER(TEXT)), ('row_estimate', I64), ('component', U32),
                ('component_size', U32)]


class PlanOptions(Struct):
    _fields_ = [('size', SIZE), ('max_rows', U64)]


class PlanInfo(Struct):
    _fields_ = [('size', SIZE), ('step_count', U32), ('table', U32), ('roots', U64), ('deleted', U64),
        ('updated', U64), ('blocking', U64),
                ('accuracy', I32), ('blocked', I32), ('fingerprint', TEXT)]


class StepInfo(Struct):
    _fields_ = [('size', SIZE), ('kind', I32), ('table', U32), ('relation', I32), ('rule', I32), ('rows', U64),
        ('accuracy', I32),
                ('warnings', U32), ('index', TEXT), ('sql', TEXT)]


class BlockersOptions(Struct):
    _fields_ = [('size', SIZE), ('limit', I32), ('rounds', U32), ('depth', U32), ('request_count', U32),
                ('requests', P), ('max_rows', U64), ('budget_rows', U64), ('budget_ms', U32), ('behind', I32),
                ('count', I32), ('count_cap', U32), ('token_key', c.c_char_p), ('token_key_length', SIZE),
                ('token', TEXT), ('token_max_age_s', U32), ('reserved', U32)]


class BlockersPage(Struct):
    _fields_ = [('size', SIZE), ('relation', U32), ('kind', I32), ('keys', c.POINTER(Keys)),
                ('first', c.POINTER(Value)), ('last', c.POINTER(Value)), ('anchor_count', U32), ('complete', I32),
                ('partial', I32), ('depth', U32), ('path_length', U32), ('count_accuracy', I32),
                ('path', c.POINTER(U32)), ('path_keys', c.POINTER(Keys)), ('behind', c.POINTER(Keys)),
                ('behind_relation', U32), ('reserved', U32), ('count', U64)]


class BlockersRequest(Struct):
    _fields_ = [('size', SIZE), ('relation', U32), ('limit', I32), ('anchor', c.POINTER(Value)), ('anchor_count', U32),
                ('backward', I32), ('offset', U64)]


class BlockersTotal(Struct):
    _fields_ = [('size', SIZE), ('relations', U64), ('references', U64), ('accuracy', I32), ('reserved', I32)]


class Deleted(Struct):
    _fields_ = [('size', SIZE), ('table', U32), ('reserved', U32), ('label', TEXT), ('keys', c.POINTER(Keys))]


HOOK = c.CFUNCTYPE(I32, P, c.POINTER(Deleted), U32)


class PurgeOptions(Struct):
    _fields_ = [("size", SIZE), ("allow", U32), ("integrity", I32), ("max_rows", U64), ("max_tx_rows", U64), ("batch_ms", U32),
                ("statement_timeout_ms", U32), ("time_budget_ms", U32), ("column_count", U32), ("row_budget", U64), ("plan", TEXT),
                ("before_batch", HOOK), ("after_batch", HOOK), ("after_commit", HOOK), ("hook_data", P),
                ("column_tables", c.POINTER(TEXT)), ("columns", c.POINTER(TEXT)), ("throttle", P), ("archive", P), ("actor", TEXT),
                ("reason", TEXT), ("outbox", I32), ("reserved", U32)]


class BatchInfo(Struct):
    _fields_ = [('size', SIZE), ('number', U64), ('deleted', U64), ('updated', U64), ('total_deleted', U64),
        ('total_updated', U64),
                ('roots_done', U64), ('roots_expected', I64), ('nanoseconds', U64), ('retries', U32), ('table', U32)]


class PurgeReport(Struct):
    _fields_ = [('size', SIZE), ('finished', I32), ('table_count', U32), ('batches', U64), ('deleted', U64),
        ('updated', U64),
                ('retries', U64), ('longest_ns', U64)]


class TableReport(Struct):
    _fields_ = [('size', SIZE), ('label', TEXT), ('deleted', U64), ('updated', U64), ('table', U32), ('reserved', U32)]


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
        v.data = c.cast(c.create_string_buffer(data, len(data) + 1), c.POINTER(c.c_char))
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


class Library:
    """Function prototypes; one instance for a process."""
    def __init__(self, path=None):
        self.lib = lib = c.CDLL(path or os.environ['LIBCASCADE_PATH'])
        E, O = c.POINTER(P), c.POINTER(P)
        fallible = dict(
            context_new=(P, O, E), connection_open=(P, TEXT, P, O, E), connection_adopt=(P, TEXT, P, P, O, E), graph_read=(P, P, O, E), policy_new=(P, P, O, E),
            policy_load=(P, TEXT, U64, O, E), selection_integers=(P, TEXT, P, U64, O, E),
            selection_keys=(P, TEXT, P, U64, U32, O, E),
            selection_parse=(P, TEXT, P, U32, O, E), selection_where=(P, TEXT, TEXT, P, U32, O, E),
            plan_new=(P, P, P, P, O, E),
            plan_json=(P, O, E), plan_text=(P, O, E), blockers_open=(P, P, P, P, O, E),
            blockers_next=(P, c.POINTER(c.POINTER(BlockersPage)), E), blockers_token=(P, I32, c.POINTER(TEXT), E),
            blockers_probe=(P, P, P, U64, c.POINTER(I32), c.POINTER(U32), E), purge_new=(P, P, P, P, O, E),
            purge_next=(P, c.POINTER(c.POINTER(BatchInfo)), E))
        plain = dict(plan_describe=(P, P), plan_step=(P, U32, P), purge_describe=(P, P), purge_table=(P, U32, P),
            policy_relation=(P, U32, P), blockers_count=(P, I32, P),
                     graph_table=(P, U32, P))
        for name, types in list(fallible.items()) + list(plain.items()):
            f = getattr(lib, 'cascade_' + name)
            f.argtypes, f.restype = types, I32
        for name in ('context', 'connection', 'graph', 'policy', 'selection', 'plan', 'blockers', 'purge', 'error'):
            f = getattr(lib, f'cascade_{name}_free')
            f.argtypes, f.restype = [P], None
        lib.cascade_text_free.argtypes, lib.cascade_text_free.restype = [P], None
        for name, result, types in (('error_message', TEXT, [P]), ('status_name', TEXT, [I32]),
            ('connection_statements', U64, [P]),
                                    ('policy_relation_count', U32, [P]), ('blockers_cut', I32, [P]),
                                    ('purge_cancel', None, [P])):
            f = getattr(lib, 'cascade_' + name)
            f.argtypes, f.restype = types, result

    def call(self, name, *arguments):
        """Calls cascade_NAME with an error place behind the arguments; gives the status, or raises."""
        error = P()
        status = getattr(self.lib, 'cascade_' + name)(*arguments, c.byref(error))
        if status < 0:
            message = self.lib.cascade_error_message(error).decode(errors='replace')
            self.lib.cascade_error_free(error)
            raise Failure(self.lib.cascade_status_name(status).decode(), message)
        return status

    def make(self, kind, name, *arguments):
        out = P()
        self.call(name, *arguments, c.byref(out))
        return Handle(self, kind, out)

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
                v.data = c.cast(c.create_string_buffer(c.string_at(v.data, v.length), v.length + 1), c.POINTER(c.c_char))


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
        array = (P * max(len(requests), 1))(*(self.request(**r) for r in requests))
        token_key = options.pop('token_key', None)
        options = BlockersOptions(request_count=len(requests), requests=c.cast(array, P) if requests else None,
            token_key=token_key, token_key_length=len(token_key or b''), **options)
        self.handle = self.library.make('blockers', 'blockers_open', session.connection, session.policy, selection,
            c.byref(options))

    def request(self, anchor=None, **fields):
        if anchor is not None and not isinstance(anchor, Anchor):
            anchor = Anchor([value(x) for x in anchor], len(anchor))
        r = BlockersRequest(anchor=anchor.array if anchor else None, anchor_count=anchor.count if anchor else 0, **fields)
        self.kept += [r, anchor]
        return c.addressof(r)

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
        out = P()
        self.library.call('plan_text', self.handle, c.byref(out))
        words = c.string_at(out).decode()
        self.library.lib.cascade_text_free(out)
        return words


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
