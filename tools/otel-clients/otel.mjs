// Sends four log records by the OpenTelemetry SDK: node otel.mjs http|proto|grpc URL
import { logs, SeverityNumber } from "@opentelemetry/api-logs";
import { OTLPLogExporter as GRPC } from "@opentelemetry/exporter-logs-otlp-grpc";
import { OTLPLogExporter as HTTP } from "@opentelemetry/exporter-logs-otlp-http";
import { OTLPLogExporter as Proto } from "@opentelemetry/exporter-logs-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchLogRecordProcessor, LoggerProvider } from "@opentelemetry/sdk-logs";

const [kind, url] = process.argv.slice(2);
const Exporter = { http: HTTP, proto: Proto, grpc: GRPC }[kind];
const exporter = new Exporter(kind === "grpc" ? { url } : { url: `${url}/v1/logs`, compression: "gzip" });
const provider = new LoggerProvider({
  resource: resourceFromAttributes({
    "service.name": "shop",
    "service.version": "1.2.0",
    "deployment.environment.name": "prod",
    "service.instance.id": "i-1",
  }),
  processors: [new BatchLogRecordProcessor({ exporter })],
});

function charge(amount) {
  if (!amount) throw new TypeError("no amount");
}

const logger = provider.getLogger("shop");
logger.emit({ severityNumber: SeverityNumber.INFO, severityText: "INFO", body: "order 17 placed" });
try {
  charge();
} catch (e) {
  logger.emit({
    severityNumber: SeverityNumber.ERROR,
    body: "charge failed",
    attributes: { "exception.type": e.name, "exception.message": e.message, "exception.stacktrace": e.stack, "order.id": 17 },
  });
}
logger.emit({ severityNumber: SeverityNumber.WARN, body: { message: "slow query", table: "orders", took: 3.5 } });
logger.emit({ eventName: "device.crash", attributes: { list: ["a", 1] } });
await provider.shutdown();
