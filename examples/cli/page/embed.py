"""Puts the page's parts together, as C: embed.py OUTPUT PAGE STYLE SCRIPT..."""

import pathlib
import sys


def read(path):
    return pathlib.Path(path).read_text(encoding="utf-8")


def array(name, text):
    numbers = [str(byte) for byte in text.encode() + b"\0"]
    lines = [",".join(numbers[at:at + 32]) for at in range(0, len(numbers), 32)]
    return f"const char {name}[] = {{\n" + ",\n".join(lines) + "};\n"


def main():
    output, page, style, *scripts = sys.argv[1:]
    script = "".join(read(path) for path in scripts)
    head, tail = read(page).replace("@STYLE@", read(style)).replace("@SCRIPT@", script).split("@DATA@")
    code = '/* Made of page/ by embed.py. */\n#include "picture.h"\n\n' + array("page_head", head) + array("page_tail", tail)
    pathlib.Path(output).write_text(code, encoding="utf-8")


main()
