"""Back-fills through ctypes, driven range by range."""

import ctypes

import cascade_ctypes as ffi

INSERT, UPDATE, MERGE = range(3)
ALLOW_UNENFORCED = 2


def texts(words):
    return (ffi.TEXT * len(words))(*[word.encode() if word is not None else None for word in words])


class Fill:
    """`sources`: SELECTs, each alone or with its parameters; or an iterator of rows, which is streamed."""

    def __init__(self, session, table, columns, key, sources, range=None, **options):
        library = self.library = session.library
        self.kept = [texts(columns), texts(key)]
        target = ffi.FillTarget(table=table and table.encode(), columns=self.kept[0], key=self.kept[1] if key else None,
                        range=range and range.encode(), column_count=len(columns), key_count=len(key))
        for name in ("token", "checkpoint_table", "job"):
            if options.get(name) is not None:
                options[name] = options[name].encode()
        self.handle = library.make("fill", "fill_new", session.connection, session.graph, ctypes.byref(target),
                                   ctypes.byref(ffi.FillOptions(**options)))
        self.ranges, self.pulled = [], 0
        if isinstance(sources, (list, tuple)):
            for source in sources:
                self.select(*((source, ()) if isinstance(source, str) else source))
        else:
            self.rows, self.width, self.page = sources, len(columns), None
            self.callback = ffi.ROWS(self.give)
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
            if row in ("too many", "at NULL"):
                cells[0], rows[0] = (None, 1) if row == "at NULL" else ((ffi.Value * 1)(), wanted + 1)
                return 0
            found.append(row)
            if len(found) == min(wanted, self.page or wanted):
                break
        self.values = (ffi.Value * max(len(found) * self.width, 1))(*[ffi.value(x) for row in found for x in row])
        self.pulled += len(found)
        cells[0], rows[0] = self.values, len(found)
        return 0

    def step(self):
        """One range, or None at the end."""
        place = ctypes.POINTER(ffi.FillRange)()
        if self.library.call("fill_next", self.handle, ctypes.byref(place)) != ffi.OK:
            return None
        done = ffi.FillRange.from_buffer_copy(place.contents)
        # of a range column that is not one of integers; the library's own is there only while the fill stands at it
        done.ends = tuple(ffi.unvalue(key.contents) if key else None for key in (done.after_key, done.upto_key))
        self.ranges.append(done)
        return done

    def finish(self):
        while self.step():
            pass
        return self

    def report(self):
        report = ffi.FillReport()
        self.library.check("fill_describe", self.handle, ctypes.byref(report))
        return report

    def counts(self):
        report = self.report()
        return report.inserted, report.updated, report.skipped

    def token(self):
        return self.library.text("fill_token", self.handle)

    def cancel(self):
        self.library.lib.cascade_fill_cancel(self.handle)

    def free(self):
        self.handle.free()
