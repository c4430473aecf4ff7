// Writes one line per level, one line with an error, with the logger named on the command line.
const failure = () => {
  try {
    null.owner;
  } catch (error) {
    return error;
  }
};
const use = {
  pino() {
    const log = require("pino")();
    log.info({ order: 7 }, "order taken");
    log.warn("slow order");
    log.error({ err: failure() }, "order lost");
    log.error(failure());
  },
  bunyan() {
    const bunyan = require("bunyan");
    const log = bunyan.createLogger({ name: "shop", serializers: bunyan.stdSerializers });
    log.info({ order: 7 }, "order taken");
    log.warn("slow order");
    log.error({ err: failure() }, "order lost");
  },
  winston() {
    const { createLogger, format, transports } = require("winston");
    const log = createLogger({ format: format.combine(format.timestamp(), format.errors({ stack: true }), format.json()), transports: [new transports.Console()] });
    log.info("order taken", { order: 7 });
    log.warn("slow order");
    log.error(failure());
  },
  winstonText() {
    const { createLogger, format, transports } = require("winston");
    const log = createLogger({ format: format.combine(format.colorize(), format.simple()), transports: [new transports.Console()] });
    log.info("order taken", { order: 7 });
    log.error("order lost");
  },
};
use[process.argv[2]]();
