"""Runs the programs beside this file and records what their runtimes print.

Every program is run at two revisions. Revision b is a with eleven lines more at
the top, a local variable renamed and a wrapper around main's work, which is what
a deploy does to bugs that it does not touch. Usage: python3 record.py OUTDIR
Needs go, python3 (3.11 or later), node, a JDK and rustc.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent

LANGUAGES = {
    # language: (source, name at run time, line comment, build command, run command, bugs)
    "go": ("shop.go.txt", "main.go", "//", ["go", "build", "-o", "app", "main.go"], ["./app"],
           "nil index index2 nilmap recursion divide closure handler type deadlock"),
    "python": ("shop.py.txt", "shop.py", "#", None, ["python3", "shop.py"],
               "none index key chained context recursion logged group"),
    "node": ("shop.js.txt", "shop.js", "//", None, ["node", "shop.js"],
             "owner line total pay recursion caused logged json callback connect"),
    "java": ("Shop.java.txt", "Shop.java", "//", ["javac", "Shop.java"], ["java", "-cp", ".", "Shop"],
             "null index chained suppressed recursion lambda thread logged"),
    "rust": ("shop.rs.txt", "main.rs", "//", ["rustc", "-C", "debuginfo=1", "-o", "app", "main.rs"], ["./app"],
             "none index parse recursion closure thread"),
}


def revision_b(text, comment):
    lines = text.split("\n")
    at = next(i for i, line in enumerate(lines) if re.match(r"(package|import|use|const) ", line)) + 1
    if lines[0].startswith("package"):
        at = 1
    text = "\n".join(lines[:at] + [f"{comment} moved down {n}" for n in range(11)] + lines[at:]) if not lines[0].startswith("const") else \
        "\n".join([f"{comment} moved down {n}" for n in range(11)] + lines)
    return re.sub(r"\bfound\b", "order", text)


def record(language, revision, out):
    source, name, comment, build, run, bugs = LANGUAGES[language]
    text = (HERE / source).read_text()
    if revision == "b":
        text = revision_b(text, comment)
    with tempfile.TemporaryDirectory(prefix="shop-") as work:
        pathlib.Path(work, name).write_text(text)
        env = dict(os.environ, GOTRACEBACK="single", RUST_BACKTRACE="1", GOFLAGS="-mod=mod", GO111MODULE="off", CGO_ENABLED="0", PYTHONDONTWRITEBYTECODE="1")
        if build:
            subprocess.run(build, cwd=work, env=env, check=True)
        for bug in bugs.split():
            done = subprocess.run(run + [bug], cwd=work, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20)
            printed = done.stdout.decode().replace(work, f"/srv/shop-{revision}")
            printed = re.sub(r"/(?:usr|root|home)/[^\s:()]*?/(go/src|lib/python3[.0-9]*|lib/rustlib)/", r"/usr/\1/", printed)
            pathlib.Path(out, f"{language}.{bug}.{revision}.log").write_text(printed)


if __name__ == "__main__":
    for language in LANGUAGES:
        for revision in "ab":
            record(language, revision, sys.argv[1])
