"""Back-fills through ctypes, driven range by range."""

import ctypes

import cascade_ctypes as ffi

INSERT, UPDATE, MERGE = range(3)
ALLOW_UNENFORCED = 2
ROWS = ctypes.CFUNCTYPE(ffi.I32, ffi.P, ffi.U64, ctypes.POINTER(ctypes.POINTER(ffi.Value)), ctypes.POINTER(ffi.U64))
TEXTS = ctypes.POINTER(ffi.TEXT)


class Target(ffi.Struct):
    _fields_ = [("size", ffi.SIZE), ("table", ffi.TEXT), ("columns", TEXTS), ("key", TEXTS), ("range", ffi.TEXT),
                ("column_count", ffi.U32), ("key_count", ffi.U32)]


class Options(ffi.Struct):
    _fields_ = [("size", ffi.SIZE), ("mode", ffi.I32), ("allow", ffi.U32), ("dry_run", ffi.I32), ("batch_ms", ffi.U32),
                ("max_tx_rows", ffi.U64), ("time_budget_ms", ffi.U32), ("reserved", ffi.U32), ("row_budget", ffi.U64),
                ("token", ffi.TEXT), ("checkpoint_table", ffi.TEXT), ("job", ffi.TEXT)]


class Range(ffi.Struct):
    _fields_ = [("size", ffi.SIZE), ("number", ffi.U64), ("after", ffi.I64), ("upto", ffi.I64), ("rows", ffi.U64),
                ("inserted", ffi.U64), ("updated", ffi.U64), ("skipped", ffi.U64), ("total_inserted", ffi.U64),
                ("total_updated", ffi.U64), ("total_skipped", ffi.U64), ("nanoseconds", ffi.U64), ("retries", ffi.U32),
                ("permille", ffi.I32), ("after_key", ctypes.POINTER(ffi.Value)), ("upto_key", ctypes.POINTER(ffi.Value))]

    def keys(self):
        """Where it begins and ends, of a range column that is not one of integers; while the fill stands at it."""
        return tuple(ffi.unvalue(key.contents) if key else None for key in (self.after_key, self.upto_key))


class Report(ffi.Struct):
    _fields_ = [("size", ffi.SIZE), ("finished", ffi.I32), ("permille", ffi.I32), ("ranges", ffi.U64), ("inserted", ffi.U64),
                ("updated", ffi.U64), ("skipped", ffi.U64), ("retries", ffi.U64), ("longest_ns", ffi.U64)]


def declare(library):
    """Prototypes of the fill in an ffi.Library."""
    lib, out, error = library.lib, ctypes.POINTER(ffi.P), ctypes.POINTER(ffi.P)
    for name, types in dict(new=(ffi.P, ffi.P, ffi.P, ffi.P, out, error), select=(ffi.P, ffi.TEXT, ffi.P, ffi.U32, error),
                            stream=(ffi.P, ROWS, ffi.P, error), next=(ffi.P, ctypes.POINTER(ctypes.POINTER(Range)), error),
                            token=(ffi.P, out, error), describe=(ffi.P, ffi.P)).items():
        function = getattr(lib, "cascade_fill_" + name)
        function.argtypes, function.restype = types, ffi.I32
    for name in ("free", "cancel"):
        function = getattr(lib, "cascade_fill_" + name)
        function.argtypes, function.restype = [ffi.P], None


def texts(words):
    return (ffi.TEXT * len(words))(*[word.encode() if word is not None else None for word in words])


class Fill:
    """`sources`: SELECTs, each alone or with its parameters; or an iterator of rows, which is streamed."""

    def __init__(self, session, table, columns, key, sources, range=None, **options):
        library = self.library = session.library
        declare(library)
        self.kept = [texts(columns), texts(key)]
        target = Target(table=table and table.encode(), columns=self.kept[0], key=self.kept[1] if key else None,
                        range=range and range.encode(), column_count=len(columns), key_count=len(key))
        for name in ("token", "checkpoint_table", "job"):
            if options.get(name) is not None:
                options[name] = options[name].encode()
        self.handle = library.make("fill", "fill_new", session.connection, session.graph, ctypes.byref(target),
                                   ctypes.byref(Options(**options)))
        self.ranges, self.pulled = [], 0
        if isinstance(sources, (list, tuple)):
            for source in sources:
                self.select(*((source, ()) if isinstance(source, str) else source))
        else:
            self.rows, self.width = sources, len(columns)
            self.callback = ROWS(self.give)
            library.call("fill_stream", self.handle, self.callback, None)

    def select(self, sql, parameters=()):
        cells = [ffi.value(x) for x in parameters]
        array = (ffi.Value * max(len(cells), 1))(*cells)
        self.library.call("fill_select", self.handle, sql.encode(), array, len(cells))

    def give(self, _, wanted, cells, rows):
        found = []
        for row in self.rows:
            if row == "fail":
                return 7
            found.append(row)
            if len(found) == wanted:
                break
        self.values = (ffi.Value * max(len(found) * self.width, 1))(*[ffi.value(x) for row in found for x in row])
        self.pulled += len(found)
        cells[0], rows[0] = self.values, len(found)
        return 0

    def step(self):
        """One range, or None at the end."""
        place = ctypes.POINTER(Range)()
        if self.library.call("fill_next", self.handle, ctypes.byref(place)) != ffi.OK:
            return None
        done = Range.from_buffer_copy(place.contents)
        done.ends = done.keys()
        self.ranges.append(done)
        return done

    def finish(self):
        while self.step():
            pass
        return self

    def report(self):
        report = Report()
        self.library.check("fill_describe", self.handle, ctypes.byref(report))
        return report

    def counts(self):
        report = self.report()
        return report.inserted, report.updated, report.skipped

    def token(self):
        out = ffi.P()
        self.library.call("fill_token", self.handle, ctypes.byref(out))
        words = ctypes.string_at(out).decode()
        self.library.lib.cascade_text_free(out)
        return words

    def cancel(self):
        self.library.lib.cascade_fill_cancel(self.handle)

    def free(self):
        self.handle.free()
