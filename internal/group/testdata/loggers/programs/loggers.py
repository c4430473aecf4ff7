"""Writes one line per level, one line with an error, with the logger named on the command line."""
import logging
import sys


def fail():
    return {}["owner"]


def write(log):
    log.info("order taken")
    log.warning("slow order")
    try:
        fail()
    except KeyError:
        log.exception("order lost")


def structured(name):
    handler = logging.StreamHandler(sys.stdout)
    if name == "basic":
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
    else:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s [%(threadName)s] %(name)s: %(message)s"))
    log = logging.getLogger("shop")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    return log


write(structured(sys.argv[1]))
