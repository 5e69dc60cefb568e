"""cascade_constant() knows every constant of the public headers with its value, and no other.

constants.py LIBRARY COMPILER HEADERS...
"""

import ctypes
import pathlib
import subprocess
import sys
import tempfile

import interface


def values_by_compiler(compiler, folders, names):
    lines = "".join(f'  printf("%lld\\n", (long long){name});\n' for name in names)
    source = f"#include <cascade.h>\n#include <stdio.h>\nint main(void) {{\n{lines}  return 0;\n}}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "values"
        include = [part for folder in folders for part in ("-I", folder)]
        subprocess.run([compiler, "-std=c17", "-x", "c", "-", "-o", program, *include], input=source, text=True,
                       check=True)
        output = subprocess.run([program], check=True, capture_output=True, text=True).stdout
    return dict(zip(names, map(int, output.split()), strict=True))


def main():
    library, compiler, *folders = sys.argv[1:]
    enums = interface.enums(interface.all_code(interface.headers(*folders)))
    wanted = values_by_compiler(compiler, folders, [name for names in enums.values() for name in names])

    cascade = ctypes.CDLL(library)
    cascade.cascade_constant.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_int64)]
    cascade.cascade_constant.restype = ctypes.c_int32
    cascade.cascade_constant_name.argtypes = [ctypes.c_uint32]
    cascade.cascade_constant_name.restype = ctypes.c_char_p
    cascade.cascade_status_name.argtypes = [ctypes.c_int32]
    cascade.cascade_status_name.restype = ctypes.c_char_p
    wrong = []

    listed = []
    while (name := cascade.cascade_constant_name(len(listed))) is not None:
        listed.append(name.decode())
    for name in sorted(set(wanted) ^ set(listed)):
        wrong.append(f"{name}: only in the {'headers' if name in wanted else 'list'}")
    if len(set(listed)) != len(listed):
        wrong.append("the list has a constant twice")
    if cascade.cascade_constant_name(2**32 - 1) is not None:
        wrong.append("the list has no end")

    for name, value in wanted.items():
        known = ctypes.c_int64(-9999)
        status = cascade.cascade_constant(name.encode(), ctypes.byref(known))
        if status != 0 or known.value != value:
            wrong.append(f"{name}: {value} in the headers, but status {status} and {known.value} from the library")
    untouched = ctypes.c_int64(77)
    if cascade.cascade_constant(b"CASCADE_NO_SUCH", ctypes.byref(untouched)) != wanted["CASCADE_NOT_FOUND"]:
        wrong.append("an unknown name is not CASCADE_NOT_FOUND")
    if cascade.cascade_constant(None, ctypes.byref(untouched)) != wanted["CASCADE_INVALID"]:
        wrong.append("no name is not CASCADE_INVALID")
    if cascade.cascade_constant(b"CASCADE_OK", None) != wanted["CASCADE_INVALID"]:
        wrong.append("no place for the value is not CASCADE_INVALID")
    if untouched.value != 77:
        wrong.append("a failed call changes the value")

    statuses = {wanted[name]: name for name in enums["cascade_status_code"]}
    if len(statuses) != len(enums["cascade_status_code"]):
        wrong.append("two statuses have the same number")
    for number in range(-300, 300):
        name = cascade.cascade_status_name(number).decode()
        if name != statuses.get(number, "CASCADE_?"):
            wrong.append(f"status {number} is called {name}")

    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{len(wanted)} constants agree")


main()
