package related

import "strings"

// pair is what two places of a service might log, and whether somebody who looks
// into one would want to see the other.
type pair struct {
	related bool
	a, b    string
}

// chosenOn are the pairs on which Threshold was chosen.
func chosenOn() []pair {
	return []pair{
		{true, "connection to db refused", "could not connect to database: ECONNREFUSED"},
		{true, "failed to publish order event to kafka: broker unavailable", "kafka producer: broker not available, order event not published"},
		{true, "token validation failed: signature is invalid", "invalid token signature, rejecting request"},
		{true, "redis: dial tcp 10.0.3.7:6379: connect: connection refused", "RedisConnectionError: connection refused by redis-main:6379"},
		{true, "context deadline exceeded while calling inventory service", "inventory service timed out after 3000ms"},
		{true, "image upload failed: file size exceeds limit", "rejected upload, image larger than size limit"},
		{true, "could not parse webhook payload: unexpected end of JSON input", "webhook: invalid JSON payload"},
		{true, "NullPointerException in OrderMapper.toDto", "failed to map order: java.lang.NullPointerException"},
		{true, "panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 7 [running]:\nmain.(*Cart).applyDiscount(0x0)\n\t/srv/shop/cart.go:41 +0x1d\nmain.handleCheckout(0xc000012345)\n\t/srv/shop/checkout.go:88 +0x9f",
			"http: panic serving 10.1.2.3:53211: runtime error: invalid memory address or nil pointer dereference"},
		{true, "Traceback (most recent call last):\n  File \"/app/billing/charge.py\", line 88, in charge\n    gateway.capture(order)\n  File \"/app/billing/gateway.py\", line 31, in capture\n    raise CardDeclinedError(\"card declined by issuer\")\nbilling.errors.CardDeclinedError: card declined by issuer",
			"charge failed, card was declined by the issuer"},
		{false, "user session expired", "payment provider returned HTTP 503"},
		{false, "failed to send welcome email to customer", "failed to load feature flags from config service"},
		{false, "slow query on table orders took 2841ms", "order 77120 has no shipping address"},
		{false, "disk usage on /var/lib/data above 90%", "certificate for api.shop.example expires in 3 days"},
		{false, "cache miss rate is high", "rate limit reached for client 4711"},
		{false, "could not acquire lock on order 1234", "order 1234 was cancelled by the customer"},
		{false, "connection to smtp server reset by peer", "connection pool for postgres exhausted"},
		{false, "invalid request: field email is required", "request to search index took too long"},
		{false, "job nightly-report failed with exit code 137", "job queue is empty, worker goes idle"},
		{false, "Traceback (most recent call last):\n  File \"/app/search/index.py\", line 12, in refresh\n    docs = load(path)\n  File \"/app/search/load.py\", line 7, in load\n    raise ValueError(\"bad document version\")\nValueError: bad document version",
			"ValueError: could not convert string to float: 'n/a'"},
	}
}

// heldOut are the pairs that were looked at after everything was settled.
func heldOut() []pair {
	return []pair{
		{true, "unable to resolve host payments.internal: no such host", "DNS lookup of payments.internal failed, host not found"},
		{true, "pq: duplicate key value violates unique constraint \"users_email_key\"", "cannot create user: unique constraint on email violated"},
		{true, "S3 upload failed: AccessDenied", "access denied while uploading report to s3 bucket reports"},
		{true, "OutOfMemoryError: Java heap space", "worker ran out of memory, heap is full"},
		{true, "circuit breaker for recommendations is open", "recommendations unavailable: circuit open"},
		{true, "stripe webhook signature mismatch", "webhook signature from stripe does not match"},
		{true, "consumer lag on topic orders is 120000 messages", "orders topic: consumer is lagging behind"},
		{true, "failed to renew lease for shard 12", "lease renewal error on shard 7"},
		{true, "Error: connect ETIMEDOUT 10.2.0.9:5432\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1611:16)\n    at connect (/app/src/db/pool.js:41:11)\n    at loadProfile (/app/src/profile/load.js:12:9)",
			"loadProfile: connection to database timed out"},
		{true, "Exception in thread \"main\" java.lang.IllegalStateException: inventory snapshot is stale\n\tat com.acme.stock.Snapshot.check(Snapshot.java:52)\n\tat com.acme.stock.Reservation.reserve(Reservation.java:31)\n\tat com.acme.Main.main(Main.java:9)",
			"reservation rejected: stale inventory snapshot"},
		{false, "payment declined by issuer", "invoice pdf could not be rendered"},
		{false, "failed to decode protobuf message", "failed to open log file: permission denied"},
		{false, "user 4711 not found", "template welcome.html not found"},
		{false, "retrying request to pricing service", "pricing table has no row for SKU 8812"},
		{false, "thread pool rejected task, queue is full", "mail queue drained in 4s"},
		{false, "lost websocket connection to client", "client sent an unsupported content type"},
		{false, "migration 0042_add_index failed: relation already exists", "search index rebuild finished with warnings"},
		{false, "cannot read configuration file /etc/shop.yaml", "file descriptor limit reached"},
		{false, "CSRF token missing", "token bucket for api key is empty"},
		{false, "TypeError: Cannot read properties of undefined (reading 'price')\n    at total (/app/src/cart/total.js:8:20)\n    at checkout (/app/src/cart/checkout.js:30:5)",
			"TypeError: fetch failed\n    at node:internal/deps/undici/undici:12500:13\n    at syncStock (/app/src/stock/sync.js:14:17)"},
	}
}

// background is what else such a service logs: it teaches which words are common.
func background() []string {
	return strings.Split(strings.TrimSpace(`
order 8812 placed by user 12
order 8812 shipped
failed to update order status
request completed in 12ms
request failed with status 500
request to payment service failed
response from catalog service has unknown field
user 4711 logged in
user 4711 logged out
user password changed
invalid password for user 4711
service started on port 8080
service is shutting down
health check failed
connection accepted from 10.0.0.1
connection closed by client
database migration applied
database backup finished
slow request to search service
cache warmed in 410ms
cache entry evicted
cache connection lost, reconnecting
kafka consumer joined group orders
kafka message skipped, schema unknown
redis replica promoted
queue worker started
queue message redelivered
email sent to customer
email template missing
webhook delivered
webhook delivery failed after 3 attempts
image resized
image format not supported
feature flag new-checkout enabled
config reloaded
config value missing for key region
token issued
token refreshed
token revoked by administrator
rate limiter configured
payment captured
payment refunded
payment method not supported
inventory reserved for order 12
inventory count went negative
shipping label printed
shipping provider returned no quote
search index updated
search query failed to parse
report generated
report export failed: quota reached
session created
session store unavailable
file uploaded
file type not allowed
worker heartbeat late
lock released
metrics push failed
job scheduled
job nightly-cleanup finished
certificate reloaded
leader elected
shard rebalanced`), "\n")
}
