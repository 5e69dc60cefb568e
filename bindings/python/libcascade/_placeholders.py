"""Statements of the library in the parameter style of a DB-API module.

The library writes ``?``, on PostgreSQL ``$1`` and so on, which may repeat. What is quoted is left as it is, except that a ``%`` is
doubled everywhere where the module would read it as the beginning of a placeholder.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence, Tuple

_COMMENTS = r"|--[^\n]*|/\*.*?\*/"
_TOKENS = {
    "sqlite": r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]""" + _COMMENTS + r"|(\?)|%",
    "postgresql": r"""(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*\""""
                  r"|(?<![\w$])\$(?P<tag>[^\W\d]\w*|)\$.*?\$(?P=tag)\$" + _COMMENTS + r"|(?<![\w$])\$(\d+)|%",
    "mariadb": r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|#[^\n]*""" + _COMMENTS + r"|(\?)|%",
    "mariadb, no backslashes": r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|#[^\n]*""" + _COMMENTS + r"|(\?)|%",
}
#: What follows a parameter that the library itself casts to an integer: another cast would be one more to plan.
_INTEGER_CAST = "::pg_catalog.int"
_KEPT = 512


class Placeholders:
    """Rewrites statements for one engine and style: "qmark", "format" or "pyformat"."""

    def __init__(self, engine: str, style: str) -> None:
        self._pattern = re.compile(_TOKENS[engine], re.S)
        self._numbered = engine == "postgresql"
        self._style = style
        self._cache: Dict[Tuple[str, Tuple[str, ...]], Tuple[str, List[int]]] = {}

    def rewrite(self, sql: str, values: Sequence[Any], forms: Tuple[str, ...] = ()) -> Tuple[str, Any]:
        """The statement with its values as execute() takes them. `forms` are what values need around them, such as "{}::bigint"."""
        if not values:
            return sql, None
        if self._style == "qmark" and not self._numbered and not forms:
            return sql, values
        found = self._cache.get((sql, forms))
        if found is None:
            found = self._convert(sql, forms)
            if len(self._cache) >= _KEPT:
                self._cache.clear()
            self._cache[sql, forms] = found
        converted, order = found
        if self._style == "pyformat":
            return converted, {f"p{i + 1}": value for i, value in enumerate(values)}
        return converted, [values[i] for i in order]

    def _convert(self, sql: str, forms: Tuple[str, ...]) -> Tuple[str, List[int]]:
        order: List[int] = []
        percent = "%" if self._style == "qmark" else "%%"

        def replace(match: re.Match[str]) -> str:
            text, placeholder = match[0], match[match.lastindex or 0] if match.lastindex else None
            if placeholder is None or "tag" in match.re.groupindex and match["tag"] is not None:
                return text.replace("%", percent)
            at = int(placeholder) - 1 if self._numbered else len(order)
            order.append(at)
            mark = "?" if self._style == "qmark" else f"%(p{at + 1})s" if self._style == "pyformat" else "%s"
            # Django looks for `%s` behind anything but a percent sign.
            space = " " if sql[match.start() - 1:match.start()] == "%" else ""
            return space + (forms[at].format(mark) if forms and not sql.startswith(_INTEGER_CAST, match.end()) else mark)

        return self._pattern.sub(replace, sql), order
