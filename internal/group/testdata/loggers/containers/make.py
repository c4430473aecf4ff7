"""Puts lines that real loggers wrote (the samples beside this folder) into the frames of
container runtimes, as documented: Docker's json-file driver, which splits at 16 KiB,
and Kubernetes' CRI logs, whose lines carry F (full) or P (partial, the next one goes on).
No container engine was at hand; the splits are made early so that the samples stay small."""
import json
from pathlib import Path

here = Path(__file__).parent
lines = []
for sample in ["go/slog-json.log", "python/formatted.log", "go/klog.log"]:
    lines += (here.parent / sample).read_text().splitlines()
moments = (f"2026-11-23T16:00:{i // 100:02d}.{i % 100 * 10_000_000 + 1234567:09d}" for i in range(10_000))


def docker():
    for i, line in enumerate(lines):
        parts = [line[:80], line[80:]] if i == 4 else [line]
        for part in parts:
            text = part + ("\n" if part is parts[-1] else "")
            yield json.dumps({"log": text, "stream": "stderr" if "ERROR" in line else "stdout", "time": next(moments) + "Z"}, ensure_ascii=False, separators=(",", ":"))


def cri():
    for i, line in enumerate(lines):
        parts = [line[:40], line[40:80], line[80:]] if i == 4 else [line]
        for part in parts:
            yield f"{next(moments)}+01:00 stdout {'F' if part is parts[-1] else 'P'} {part}"


(here / "docker.log").write_text("\n".join(docker()) + "\n")
(here / "cri.log").write_text("\n".join(cri()) + "\n")
