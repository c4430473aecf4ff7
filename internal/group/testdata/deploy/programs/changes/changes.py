"""Records what refactorings and other changes of a deploy do to the traces of bugs that they do not touch.

A small service per language fails in several ways (a bug each). It is run as it
was, and once per kind of change with that change made; both with real runtimes.
Writes OUTDIR/LANGUAGE.KIND.log, KIND being "before" for the service as it was;
in a file, a line "### BUG" opens what the run of a bug printed.
Usage: python3 changes.py OUTDIR [LANGUAGE...]
Needs go, python3 (3.11 or later), node, a JDK and cargo; nothing is fetched.
"""

import hashlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import goshop
import javashop
import nodeshop
import pythonshop
import rustshop

CONTROLS = "sku price size weight mail sms"  # pairs of bugs with one type, message and outer callers


def edited(base, edits):
    tree = dict(base)
    for path, *edit in edits:
        if edit == [None]:
            del tree[path]
        elif len(edit) == 1:
            tree[path] = edit[0]
        elif path not in tree or edit[0] not in tree[path]:
            raise SystemExit(f"{path} does not contain {edit[0]!r}")
        else:
            tree[path] = tree[path].replace(*edit)
    return tree


def install(shop, work, version):
    """Puts the dependency where the language's package manager would."""
    text = shop.DEPENDENCY[version]
    env = dict(os.environ, GOTRACEBACK="single", RUST_BACKTRACE="1", CGO_ENABLED="0", PYTHONDONTWRITEBYTECODE="1")
    if shop.NAME == "go":
        at = work / "proxy/example.com/dep/@v"
        write(at / "list", version)
        write(at / f"v{version}.mod", "module example.com/dep\n\ngo 1.26\n")
        write(at / f"v{version}.info", json.dumps({"Version": "v" + version}))
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as z:
            z.writestr(f"example.com/dep@v{version}/go.mod", "module example.com/dep\n\ngo 1.26\n")
            z.writestr(f"example.com/dep@v{version}/dep.go", text)
        (at / f"v{version}.zip").write_bytes(packed.getvalue())
        env.update(GOPROXY=f"file://{work}/proxy", GONOSUMDB="*", GONOSUMCHECK="1", GOFLAGS="-modcacherw", GOMODCACHE=f"{work}/go/pkg/mod", GOTOOLCHAIN="local")
    elif shop.NAME == "python":
        at = work / "venv/lib/python3.11/site-packages"
        write(at / "dep/__init__.py", text)
        write(at / f"dep-{version}.dist-info/METADATA", f"Name: dep\nVersion: {version}\n")
        env["PYTHONPATH"] = str(at)
    elif shop.NAME == "node":
        write(work / "node_modules/dep/index.js", text)
        write(work / "node_modules/dep/package.json", json.dumps({"name": "dep", "version": version, "main": "index.js"}))
    elif shop.NAME == "java":
        write(work / "dep/src/org/depot/Dep.java", text)
        subprocess.run(["javac", "-g", "-d", "dep/out", "dep/src/org/depot/Dep.java"], cwd=work, check=True)
        subprocess.run(["jar", "cf", "dep.jar", "-C", "dep/out", "."], cwd=work, check=True)
    elif shop.NAME == "rust":
        at = work / f"vendor/dep-{version}"
        manifest = f'[package]\nname = "dep"\nversion = "{version}"\nedition = "2021"\n'
        write(at / "Cargo.toml", manifest)
        write(at / "src/lib.rs", text)
        write(at / ".cargo-checksum.json", json.dumps({"files": {}, "package": hashlib.sha256(text.encode()).hexdigest()}))
        write(work / ".cargo/config.toml", '[source.crates-io]\nreplace-with = "vendored"\n\n[source.vendored]\ndirectory = "vendor"\n')
        env["CARGO_HOME"] = str(work / "cargo-home")
    return env


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def record(shop, kind, bugs, edits, out):
    version = "1.3.0" if kind == "dependency" else "1.2.0"
    revision = "a" if kind == "before" else "b"
    with tempfile.TemporaryDirectory(prefix="shop-") as name:
        work = pathlib.Path(name)
        env = install(shop, work, version)
        for path, text in edited(shop.BASE, edits).items():
            write(work / path, text.replace('"VERSION"', f'"{version}"'))
        if shop.BUILD:
            done = subprocess.run(shop.BUILD, cwd=work, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode != 0:
                raise SystemExit(f"{shop.NAME} {kind}: {done.stdout.decode()}")
        log = ""
        for bug in (bugs + " " + CONTROLS).split():
            done = subprocess.run(shop.RUN + [bug], cwd=work, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30)
            printed = done.stdout.decode().replace(name, f"/srv/shop-{revision}")
            printed = re.sub(r"/(?:usr|root|home)/[^\s:()]*?/(go/src|lib/python3[.0-9]*|lib/rustlib)/", r"/usr/\1/", printed)
            log += f"### {bug}\n{printed}"
        pathlib.Path(out, f"{shop.NAME}.{kind}.log").write_text(log)


def shifted(shop):
    """Every file with seven lines more at the top, and the local variable of find's result renamed."""
    comment = "#" if shop.NAME == "python" else "//"
    local = {"go": r"\bo\b", "python": r"\border\b", "node": r"\border\b", "java": r"\border\b(?! was)", "rust": r"\border\b"}[shop.NAME]
    return [(path, f"{comment} moved down\n" * 7 + re.sub(local + r"(?! (?:\{|is not))", "purchase", text)) for path, text in shop.BASE.items() if not path.endswith((".mod", ".toml", ".xml"))]


def main(out, only):
    for shop in (goshop, pythonshop, nodeshop, javashop, rustshop):
        if only and shop.NAME not in only:
            continue
        touched = sorted({bug for bugs, _ in shop.CHANGES.values() for bug in bugs.split()})
        record(shop, "before", " ".join(touched), [], out)
        for kind, (bugs, edits) in {"shift": (" ".join(touched), shifted(shop)), **shop.CHANGES}.items():
            record(shop, kind, bugs, edits, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
