"""Writes the same events with the logger named on the command line: what every
service writes, text that looks like something else, an error with its stack."""
import logging
import sys

ODD = 'client said level=error "gone" to order für 注文'  # information, whatever it reads like
TWO_LINES = "first line\nsecond line"
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
VERSION = "1.4.0"


def owner(order):
    return order["owner"]


def load():
    try:
        return owner({})
    except KeyError as cause:
        raise RuntimeError("cannot load order 7") from cause


def via(log, handler=None, **fields):
    if handler:
        log.addHandler(handler)
        log.setLevel(logging.INFO)
    log.info("order taken", **fields)
    log.warning("slow order")
    log.info(ODD)
    log.info(TWO_LINES)
    log.error("order lost: %s", "no owner")
    try:
        load()
    except RuntimeError:
        log.exception("order lost")


def stdlib(pattern):
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter(pattern))
    via(logging.getLogger("shop"), handler)


def structured(*processors, wrap=True):
    import structlog

    steps = [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="iso"), structlog.processors.StackInfoRenderer(), *processors]
    structlog.configure(processors=steps, logger_factory=structlog.PrintLoggerFactory(sys.stdout))
    log = structlog.get_logger().bind(service_version=VERSION, trace_id=TRACE_ID)
    log.info("order taken", order=7)
    log.warning("slow order")
    log.info(ODD)
    log.info(TWO_LINES)
    log.error("order lost", error="no owner")
    try:
        load()
    except RuntimeError:
        log.exception("order lost")


def structlog_json():
    import structlog

    structured(structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False))


def structlog_dict():
    import structlog

    structured(structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer())


def structlog_console():
    import structlog

    structured(structlog.dev.ConsoleRenderer(colors=True, exception_formatter=structlog.dev.plain_traceback))


def structlog_logfmt():
    import structlog

    structured(structlog.processors.format_exc_info, structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"]))


def json_logger():
    from pythonjsonlogger import jsonlogger

    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(jsonlogger.JsonFormatter("%(asctime)s %(levelname)s %(name)s %(message)s", json_ensure_ascii=False))
    via(logging.getLogger("shop"), handler, extra={"trace_id": TRACE_ID, "version": VERSION, "order": 7})


def gelf():
    import json

    import graypy

    class Lines(graypy.GELFUDPHandler):
        """Prints what would be sent, uncompressed."""

        def send(self, datagram):
            print(json.dumps(json.loads(datagram)))

    via(logging.getLogger("shop"), Lines("127.0.0.1", compress=False), extra={"trace_id": TRACE_ID, "service_version": VERSION})


def loguru(serialize):
    from loguru import logger

    logger.remove()
    logger.add(sys.stdout, colorize=False, serialize=serialize, backtrace=False, diagnose=False)
    log = logger.bind(trace_id=TRACE_ID, service_version=VERSION)
    log.info("order taken")
    log.warning("slow order")
    log.info(ODD)
    log.info(TWO_LINES)
    try:
        load()
    except RuntimeError:
        log.exception("order lost")


USE = {
    "basic": lambda: stdlib(logging.BASIC_FORMAT),
    "formatted": lambda: stdlib("%(asctime)s %(levelname)s [%(threadName)s] %(name)s: %(message)s"),
    "dashes": lambda: stdlib("%(asctime)s - %(name)s - %(levelname)s - %(message)s"),
    "json-logger": json_logger,
    "structlog-json": structlog_json,
    "structlog-dict": structlog_dict,
    "structlog-console": structlog_console,
    "structlog-logfmt": structlog_logfmt,
    "gelf": gelf,
    "loguru": lambda: loguru(False),
    "loguru-json": lambda: loguru(True),
}
if __name__ == "__main__":
    USE[sys.argv[1]]()
