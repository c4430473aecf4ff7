// Writes the same events with the logger named on the command line: what every
// service writes, text that looks like something else, an error with its stack.
const odd = 'client said level=error "gone" to order für 注文'; // information, whatever it reads like
const twoLines = "first line\nsecond line";
const traceID = "4bf92f3577b34da6a3ce929d0e0e4736";
const version = "1.4.0";

const owner = (order) => order.owner.name;
const failure = () => {
  try {
    return owner({});
  } catch (cause) {
    return new Error("cannot read order 7", { cause });
  }
};

// The loggers that take an object of fields before the message.
const fieldsFirst = (log) => {
  log.info({ order: 7, trace_id: traceID, service_version: version }, "order taken");
  log.warn("slow order");
  log.info(odd);
  log.info(twoLines);
  log.error({ err: failure() }, "order lost");
  log.error(failure());
};

const winstonWith = (format, more) => {
  const winston = require("winston");
  return winston.createLogger({ format: format(winston.format), transports: [new winston.transports.Console()], ...more });
};

const viaWinston = (log) => {
  log.info("order taken", { order: 7, trace_id: traceID, version });
  log.warn("slow order");
  log.info(odd);
  log.info(twoLines);
  log.error("order lost", { error: failure().message });
  log.error(failure());
};

const viaOTel = () => {
  const { LoggerProvider, SimpleLogRecordProcessor, ConsoleLogRecordExporter } = require("@opentelemetry/sdk-logs");
  const { resourceFromAttributes } = require("@opentelemetry/resources");
  const { SeverityNumber } = require("@opentelemetry/api-logs");
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": "shop", "service.version": version }),
    processors: [new SimpleLogRecordProcessor({ exporter: new ConsoleLogRecordExporter() })],
  });
  const log = provider.getLogger("shop");
  const failed = failure();
  log.emit({ severityNumber: SeverityNumber.INFO, severityText: "INFO", body: "order taken", attributes: { order: 7 } });
  log.emit({ severityNumber: SeverityNumber.INFO, body: odd });
  log.emit({
    severityNumber: SeverityNumber.ERROR,
    body: "order lost",
    attributes: { "exception.type": failed.name, "exception.message": failed.message, "exception.stacktrace": failed.stack },
  });
};

// GELF goes over a socket; the sample holds what a listener received, a message a line.
const viaGelf = () => {
  const gelf = require("gelf-pro");
  const received = [];
  const server = require("net").createServer((socket) => socket.on("data", (chunk) => received.push(chunk)));
  server.listen(0, "127.0.0.1", () => {
    gelf.setConfig({ fields: { service_version: version }, adapterName: "tcp", adapterOptions: { host: "127.0.0.1", port: server.address().port } });
    const send = [
      (done) => gelf.info("order taken", { order: 7, trace_id: traceID }, done),
      (done) => gelf.warning("slow order", {}, done),
      (done) => gelf.info(odd, {}, done),
      (done) => gelf.info(twoLines, {}, done),
      (done) => gelf.error("order lost", { reason: failure().message }, done),
      (done) => gelf.error("order lost", failure(), done),
    ];
    const next = () => (send.length ? send.shift()(next) : setTimeout(finish, 100));
    const finish = () => {
      process.stdout.write(Buffer.concat(received).toString().replaceAll("\0", "\n"));
      server.close();
    };
    next();
  });
};

const use = {
  pino: () => fieldsFirst(require("pino")()),
  bunyan() {
    const bunyan = require("bunyan");
    fieldsFirst(bunyan.createLogger({ name: "shop", serializers: bunyan.stdSerializers }));
  },
  "winston-json": () => viaWinston(winstonWith((f) => f.combine(f.timestamp(), f.errors({ stack: true }), f.json()))),
  "winston-simple": () => viaWinston(winstonWith((f) => f.combine(f.errors({ stack: true }), f.simple()))),
  "winston-color": () => viaWinston(winstonWith((f) => f.combine(f.colorize(), f.timestamp(), f.errors({ stack: true }), f.printf((r) => `${r.timestamp} ${r.level}: ${r.stack || r.message}`)))),
  "winston-logstash": () => viaWinston(winstonWith((f) => f.combine(f.errors({ stack: true }), f.logstash()))),
  "winston-ecs": () => viaWinston(winstonWith(() => require("@elastic/ecs-winston-format").ecsFormat({ convertErr: true, serviceName: "shop", serviceVersion: version }))),
  "pino-ecs": () => fieldsFirst(require("pino")(require("@elastic/ecs-pino-format").ecsFormat({ serviceName: "shop", serviceVersion: version }))),
  log4js() {
    const log4js = require("log4js");
    log4js.configure({ appenders: { out: { type: "stdout", layout: { type: "basic" } } }, categories: { default: { appenders: ["out"], level: "info" } } });
    const log = log4js.getLogger("shop");
    log.info("order taken", 7);
    log.warn("slow order");
    log.info(odd);
    log.info(twoLines);
    log.error("order lost", failure());
    log.error(failure());
  },
  console() {
    console.log("order taken", 7);
    console.warn("slow order");
    console.log(odd);
    console.error("order lost:", failure());
    console.error(failure());
    console.log("done");
  },
  otel: viaOTel,
  gelf: viaGelf,
};
use[process.argv[2]]();
