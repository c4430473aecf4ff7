// Sends an error, a message and logs by Sentry's SDK: node sentry.mjs DSN
import * as Sentry from "@sentry/node";

Sentry.init({
  dsn: process.argv[2],
  release: "shop@1.2.0+0123456789abcdef0123456789abcdef01234567",
  environment: "prod",
  serverName: "pod-1",
  enableLogs: true,
  tracesSampleRate: 1,
});

function charge(amount) {
  if (!amount) throw new TypeError("no amount");
}

Sentry.setTag("region", "north");
try {
  try {
    charge();
  } catch (e) {
    throw new Error("charge failed", { cause: e });
  }
} catch (e) {
  Sentry.captureException(e);
}
Sentry.captureMessage("the queue is long", "warning");
Sentry.logger.info("order placed", { order: 17 });
Sentry.logger.error("lost the queue", { retries: 3 });
Sentry.startSpan({ name: "work" }, () => {});
if (!(await Sentry.close(5000))) process.exit(1);
