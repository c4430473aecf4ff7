package eval

import "selfheal"

// stories span the ways in which deploys break services, in four languages. None
// is taken from a data set.
func stories() []story {
	var all []story
	for _, chapter := range [][]story{goStories(), pythonStories(), scriptStories(), javaStories(), laterStories(), lastStories(), indexStories(), freshStories(), thirdStories(), fourthStories(), temptingStories(), heldOutStories(), blindStories(), pairedStories(), afterStories()} {
		all = append(all, chapter...)
	}
	return all
}

const (
	billingClient = "package billing\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\n// Dial connects to the payment provider.\nfunc Dial() (string, error) {\n\tendpoint := os.Getenv(\"PAYMENT_ENDPOINT\")\n\tif endpoint == \"\" {\n\t\treturn \"\", fmt.Errorf(\"billing: environment variable PAYMENT_ENDPOINT is not set\")\n\t}\n\treturn endpoint, nil\n}\n"
	manifest      = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: shop\nspec:\n  template:\n    spec:\n      containers:\n        - name: shop\n          env:\n            - name: LOG_LEVEL\n              value: info\n            - name: PAYMENT_ENDPOINT\n              value: https://pay.example.com\n            - name: REGION\n              value: north\n"
	storeQuery    = "package store\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/config\"\n)\n\nconst rowBound = 200\n\n// Orders lists orders.\nfunc Orders(page int) ([]int, error) {\n\tlimit := config.PageSize\n\tif limit > rowBound {\n\t\treturn nil, fmt.Errorf(\"page of %d rows exceeds what may be read at once\", limit)\n\t}\n\treturn make([]int, limit), nil\n}\n"
	configGo      = "package config\n\nimport \"time\"\n\n// Settings of the service.\nconst (\n\tPageSize = 50\n\tIdle     = 30 * time.Second\n\tWorkers  = 4\n)\n"
	checkoutGo    = "package main\n\nimport (\n\t\"log\"\n\t\"net/http\"\n)\n\nfunc handleCheckout(w http.ResponseWriter, r *http.Request) {\n\torder := readOrder(r)\n\tif err := validate(order); err != nil {\n\t\tlog.Printf(\"checkout refused: %s\", err.Error())\n\t\thttp.Error(w, \"refused\", http.StatusBadRequest)\n\t\treturn\n\t}\n\tw.WriteHeader(http.StatusCreated)\n}\n"
	validateGo    = "package main\n\ntype problem struct{ field string }\n\nfunc (p *problem) Error() string {\n\treturn \"invalid \" + p.field\n}\n\ntype order struct {\n\titems []int\n\tname  string\n}\n\nfunc validate(o order) error {\n\tif o.name == \"\" {\n\t\treturn &problem{\"name\"}\n\t}\n\tif len(o.items) == 0 {\n\t\treturn &problem{\"items\"}\n\t}\n\treturn nil\n}\n"
	totalsGo      = "package totals\n\n// Sum adds up the lines of an invoice.\nfunc Sum(lines []int) int {\n\ttotal := 0\n\tfor i := 0; i < len(lines); i++ {\n\t\ttotal += lines[i]\n\t}\n\treturn total\n}\n\n// Mean is the mean of the lines.\nfunc Mean(lines []int) int {\n\treturn Sum(lines) / max(len(lines), 1)\n}\n"
	ratesGo       = "package rates\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n)\n\n// Fetch reads the rates of today.\nfunc Fetch(client *http.Client) error {\n\tanswer, err := client.Get(\"https://rates.internal/today\")\n\tif err != nil {\n\t\treturn fmt.Errorf(\"fetch rates of today: %w\", err)\n\t}\n\treturn answer.Body.Close()\n}\n"
	tenantsGo     = "package tenants\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n)\n\n// Active lists the tenants in use.\nfunc Active(ctx context.Context, db *sql.DB) (*sql.Rows, error) {\n\treturn db.QueryContext(ctx, \"SELECT id, name FROM tenants WHERE archived = 0\")\n}\n"
)

func goStories() []story {
	return []story{
		{
			name: "go default in another package", ext: "go", files: []string{"config/config.go", configGo, "store/query.go", storeQuery},
			earlier: []step{edit("idle", "config/config.go", "30 * time", "45 * time")},
			window:  []step{edit("workers", "config/config.go", "Workers  = 4", "Workers  = 8"), edit("larger pages", "config/config.go", "PageSize = 50", "PageSize = 500")},
			log:     "2026-03-02T09:00:00Z ERROR list orders: page of 500 rows exceeds what may be read at once\n", marker: "rows exceeds",
			cause: selfheal.Caused, culprit: 1, path: "config/config.go", line: "PageSize = 500",
		},
		{
			name: "go typed nil", ext: "go", files: []string{"checkout.go", checkoutGo, "validate.go", validateGo},
			earlier: []step{edit("status", "checkout.go", "http.StatusCreated", "http.StatusAccepted")},
			window: []step{
				edit("collect problems", "validate.go", "\tif o.name == \"\" {\n\t\treturn &problem{\"name\"}\n\t}\n\tif len(o.items) == 0 {\n\t\treturn &problem{\"items\"}\n\t}\n\treturn nil\n", "\tvar found *problem\n\tif o.name == \"\" {\n\t\tfound = &problem{\"name\"}\n\t}\n\tif len(o.items) == 0 {\n\t\tfound = &problem{\"items\"}\n\t}\n\treturn found\n"),
				edit("answer", "checkout.go", "\"refused\"", "\"not accepted\""),
			},
			log:    "2026/03/02 09:00:00 http: panic serving 10.0.0.7:51234: runtime error: invalid memory address or nil pointer dereference\ngoroutine 41 [running]:\nmain.(*problem).Error(0x0)\n\t/src/validate.go:{validate.go|\"invalid \" +} +0x1d\nmain.handleCheckout({0x7a3, 0xc0001}, 0xc0002)\n\t/src/checkout.go:{checkout.go|checkout refused} +0x8a\nnet/http.HandlerFunc.ServeHTTP(...)\n\t/usr/local/go/src/net/http/server.go:2294\n",
			marker: "nil pointer", cause: selfheal.Caused, culprit: 0, path: "validate.go", line: "var found *problem",
		},
		{
			name: "go environment renamed in the manifest only", ext: "go", files: []string{"billing/client.go", billingClient, "deploy/app.yaml", manifest},
			earlier: []step{edit("level", "deploy/app.yaml", "value: info", "value: warn")},
			window:  []step{edit("one name for the endpoint", "deploy/app.yaml", "name: PAYMENT_ENDPOINT", "name: PAYMENTS_URL"), edit("region", "deploy/app.yaml", "value: north", "value: south")},
			log:     "2026-03-02T09:00:00Z ERROR checkout: billing: environment variable PAYMENT_ENDPOINT is not set\n", marker: "PAYMENT_ENDPOINT",
			cause: selfheal.Caused, culprit: 0, path: "deploy/app.yaml", line: "name: PAYMENT",
		},
		{
			name: "go off by one", ext: "go", files: []string{"totals/totals.go", totalsGo},
			earlier: []step{edit("mean", "totals/totals.go", "max(len(lines), 1)", "max(1, len(lines))")},
			window:  []step{edit("include the last line", "totals/totals.go", "i < len(lines)", "i <= len(lines)"), edit("say what a mean is", "totals/totals.go", "is the mean", "is the arithmetic mean")},
			log:     "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nexample.com/shop/totals.Sum({0xc0000, 0x3, 0x3})\n\t/build/totals/totals.go:{totals/totals.go|total += lines} +0x6b\nmain.main()\n\t/build/main.go:10 +0x1d\n",
			marker:  "out of range", cause: selfheal.Caused, culprit: 0, path: "totals/totals.go", line: "i <= len(lines)",
		},
		{
			name: "go query for a column that is not there", ext: "go", files: []string{"tenants/tenants.go", tenantsGo, "store/query.go", storeQuery, "config/config.go", configGo},
			earlier: []step{edit("order", "store/query.go", "rowBound = 200", "rowBound = 300")},
			window:  []step{edit("keep the time", "tenants/tenants.go", "archived = 0", "archived_at IS NULL"), edit("bound", "store/query.go", "rowBound = 300", "rowBound = 400")},
			log:     "2026-03-02T09:00:00Z ERROR refresh tenants: pq: column \"archived_at\" does not exist\n", marker: "archived_at",
			cause: selfheal.Caused, culprit: 0, path: "tenants/tenants.go", line: "archived_at",
		},
		{
			name: "go outage beside a changed line", ext: "go", files: []string{"rates/rates.go", ratesGo},
			earlier: []step{edit("comment", "rates/rates.go", "rates of today.", "rates of the day.")},
			window:  []step{edit("close", "rates/rates.go", "\treturn answer.Body.Close()\n", "\tdefer answer.Body.Close()\n\treturn nil\n")},
			log:     "2026-03-02T09:00:00Z ERROR refresh: fetch rates of today: Get \"https://rates.internal/today\": dial tcp: lookup rates.internal: no such host\n", marker: "no such host",
			cause: selfheal.Inconclusive,
		},
		{
			name: "go docs beside an outage", ext: "go", files: []string{"rates/rates.go", ratesGo, "README.md", "# Shop\n", "docs/rates.md", "Rates\n"},
			earlier: []step{edit("docs", "README.md", "", "# The shop\n")},
			window:  []step{edit("fetch rates of today", "docs/rates.md", "", "fetch rates of today: connection refused means that the bank is down\n"), edit("readme", "README.md", "", "# Shop 2\n")},
			log:     "2026-03-02T09:00:00Z ERROR refresh: fetch rates of today: dial tcp 10.0.0.9:443: connect: connection refused\n", marker: "refused",
			cause: selfheal.NotCaused,
		},
		{
			name: "go guilt of the deploy before", ext: "go", files: []string{"totals/totals.go", totalsGo, "store/query.go", storeQuery, "config/config.go", configGo},
			earlier: []step{edit("include the last line", "totals/totals.go", "i < len(lines)", "i <= len(lines)")},
			window:  []step{edit("bound", "store/query.go", "rowBound = 200", "rowBound = 300"), edit("workers", "config/config.go", "Workers  = 4", "Workers  = 8")},
			log:     "panic: runtime error: index out of range [3] with length 3\n\ngoroutine 1 [running]:\nexample.com/shop/totals.Sum({0xc0000, 0x3, 0x3})\n\t/build/totals/totals.go:{totals/totals.go|total += lines} +0x6b\nmain.main()\n\t/build/main.go:10 +0x1d\n",
			marker:  "out of range",
		},
	}
}

const (
	ordersPy   = "from .db import connect\n\n\ndef open_orders(tenant):\n    rows = connect().execute(\n        'SELECT id, total, discount_code FROM orders WHERE tenant = ?', (tenant,))\n    return list(rows)\n"
	dbPy       = "import sqlite3\n\n\ndef connect():\n    return sqlite3.connect('orders.db')\n"
	migration  = "CREATE TABLE orders (id INTEGER, tenant TEXT, total INTEGER, discount_code TEXT);\n"
	textPy     = "def normalise(name):\n    cleaned = name.strip()\n    return cleaned.lower()\n\n\ndef shorten(name):\n    return name[:20]\n"
	viewsPy    = "from lib.text import normalise\n\n\ndef profile(request):\n    name = request.form.get('name', '')\n    return {'name': normalise(name)}\n\n\ndef health(request):\n    return {'ok': True}\n"
	settingsPy = "QUEUE = 'jobs'\nRETRY_LIMIT = 5\nPAUSE = 2\n"
	workerPy   = "import logging\n\nimport settings\n\nlog = logging.getLogger(__name__)\n\n\ndef work(job):\n    tries = 0\n    while tries < settings.RETRY_LIMIT:\n        tries += 1\n        if job.run():\n            return True\n    log.error('job %s gave up after %d tries', job.id, tries)\n    return False\n"
	spoolPy    = "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef spool(pages):\n    if not pages:\n        log.error('the spooler ended before the last page')\n    for page in pages:\n        yield page\n"
	mailPy     = "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef send(mail):\n    if not mail.to:\n        log.warning('mail without receiver is left out')\n        return False\n    return mail.deliver()\n"
)

func pythonStories() []story {
	return []story{
		{
			name: "python removed column still queried", ext: "py", files: []string{"orders/queries.py", ordersPy, "orders/db.py", dbPy, "migrations/0001_orders.sql", migration},
			earlier: []step{edit("file", "orders/db.py", "'orders.db'", "'data/orders.db'")},
			window:  []step{edit("drop what nobody uses", "migrations/0002_cleanup.sql", "", "ALTER TABLE orders DROP COLUMN discount_code;\n"), edit("timeout", "orders/db.py", "'data/orders.db'", "'data/orders.db', timeout=5")},
			log:     "2026-03-02 09:00:00,000 ERROR orders request failed\nTraceback (most recent call last):\n  File \"/app/orders/queries.py\", line {orders/queries.py|rows = connect}, in open_orders\n    rows = connect().execute(\nsqlite3.OperationalError: no such column: discount_code\n",
			marker:  "no such column", cause: selfheal.Caused, culprit: 0, path: "migrations/0002_cleanup.sql", line: "DROP COLUMN",
		},
		{
			name: "python caller passes nothing", ext: "py", files: []string{"lib/text.py", textPy, "views.py", viewsPy},
			earlier: []step{edit("shorter", "lib/text.py", "[:20]", "[:24]")},
			window:  []step{edit("no empty default", "views.py", "request.form.get('name', '')", "request.form.get('name')"), edit("health", "views.py", "{'ok': True}", "{'ok': True, 'version': 2}")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/views.py\", line {views.py|normalise(name)}, in profile\n    return {'name': normalise(name)}\n  File \"/app/lib/text.py\", line {lib/text.py|cleaned = name}, in normalise\n    cleaned = name.strip()\nAttributeError: 'NoneType' object has no attribute 'strip'\n",
			marker:  "NoneType", cause: selfheal.Caused, culprit: 0, path: "views.py", line: "request.form.get",
		},
		{
			name: "python default in another module", ext: "py", files: []string{"settings.py", settingsPy, "worker.py", workerPy},
			earlier: []step{edit("pause", "settings.py", "PAUSE = 2", "PAUSE = 3")},
			window:  []step{edit("queue", "settings.py", "'jobs'", "'work'"), edit("no retries for now", "settings.py", "RETRY_LIMIT = 5", "RETRY_LIMIT = 0")},
			log:     "2026-03-02 09:00:00,000 ERROR worker job 812 gave up after 0 tries\n2026-03-02 09:00:01,000 ERROR worker job 813 gave up after 0 tries\n",
			marker:  "gave up", cause: selfheal.Caused, culprit: 1, path: "settings.py", line: "RETRY_LIMIT = 0",
		},
		{
			name: "python other words beside another error", ext: "py", files: []string{"spool.py", spoolPy, "mail.py", mailPy},
			earlier: []step{edit("info", "mail.py", "log.warning", "log.info")},
			window:  []step{edit("clearer", "mail.py", "mail without receiver is left out", "this mail names no receiver")},
			log:     "2026-03-02 09:00:00,000 ERROR spool the spooler ended before the last page\n", marker: "spooler",
			cause: selfheal.Inconclusive,
		},
	}
}

const (
	packageJSON   = "{\n  \"name\": \"shop\",\n  \"dependencies\": {\n    \"fastify\": \"^4.2.0\",\n    \"ledger-client\": \"^2.1.0\",\n    \"undici\": \"^6.0.1\"\n  }\n}\n"
	reportJS      = "const { Ledger } = require('ledger-client');\n\nasync function report(day) {\n  const ledger = new Ledger();\n  const entries = await ledger.entriesOf(day);\n  return entries.length;\n}\n\nmodule.exports = { report };\n"
	inventoryJS   = "const settings = require('../config/settings');\n\nasync function stock(id) {\n  const signal = AbortSignal.timeout(settings.upstream_timeout_ms);\n  try {\n    return await fetch(`http://inventory/items/${id}`, { signal });\n  } catch (e) {\n    console.error(`inventory request aborted after ${settings.upstream_timeout_ms}ms: ${e.message}`);\n    throw e;\n  }\n}\n\nmodule.exports = { stock };\n"
	settingsYAML  = "port: 8080\nupstream_timeout_ms: 3000\nregion: north\nworkers: 4\n"
	serializeJS   = "function serializeOrder(order) {\n  return {\n    id: order.id,\n    customerId: order.customer.id,\n    total: order.total,\n  };\n}\n\nfunction serializeItem(item) {\n  return { id: item.id, price: item.price };\n}\n\nmodule.exports = { serializeOrder, serializeItem };\n"
	invoiceJS     = "const { serializeOrder } = require('../api/serialize');\n\nfunction invoice(order) {\n  const wire = serializeOrder(order);\n  if (!wire.customerId) {\n    throw new Error('invoice refused: customerId is missing');\n  }\n  return { to: wire.customerId, sum: wire.total };\n}\n\nmodule.exports = { invoice };\n"
	cacheJS       = "const redis = require('redis');\n\nasync function connect() {\n  const client = redis.createClient({ url: process.env.REDIS_URL });\n  client.on('error', (e) => console.error('cache connection failed:', e.message));\n  await client.connect();\n  return client;\n}\n\nmodule.exports = { connect };\n"
	settingsLoad  = "const fs = require('fs');\nconst yaml = require('yaml');\n\nmodule.exports = yaml.parse(fs.readFileSync('config/settings.yaml', 'utf8'));\n"
	ledgerFailure = "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'cursor')\n    at Ledger.entriesOf (/app/node_modules/ledger-client/lib/ledger.js:88:31)\n    at report (/app/src/report.js:{src/report.js|entriesOf}:32)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n"
)

func scriptStories() []story {
	return []story{
		{
			name: "javascript dependency on the stack", ext: "js", files: []string{"package.json", packageJSON, "src/report.js", reportJS},
			earlier: []step{edit("fastify", "package.json", "^4.2.0", "^4.3.0")},
			window:  []step{edit("undici", "package.json", "^6.0.1", "^6.1.0"), edit("ledger client", "package.json", "^2.1.0", "^3.0.0"), edit("fastify", "package.json", "^4.3.0", "^4.4.0")},
			log:     ledgerFailure, marker: "cursor", cause: selfheal.Caused, culprit: 1, path: "package.json", line: "ledger-client",
		},
		{
			name: "javascript configured time limit", ext: "js", files: []string{"src/inventory.js", inventoryJS, "config/settings.yaml", settingsYAML, "config/settings.js", settingsLoad},
			earlier: []step{edit("workers", "config/settings.yaml", "workers: 4", "workers: 6")},
			window:  []step{edit("region", "config/settings.yaml", "region: north", "region: south"), edit("fail faster", "config/settings.yaml", "upstream_timeout_ms: 3000", "upstream_timeout_ms: 30")},
			log:     "2026-03-02T09:00:00.000Z ERROR inventory request aborted after 30ms: The operation was aborted due to timeout\n", marker: "aborted",
			cause: selfheal.Caused, culprit: 1, path: "config/settings.yaml", line: "upstream_timeout_ms: 30",
		},
		{
			name: "javascript renamed field", ext: "js", files: []string{"src/api/serialize.js", serializeJS, "src/billing/invoice.js", invoiceJS},
			earlier: []step{edit("item", "src/api/serialize.js", "price: item.price", "price: item.price || 0")},
			window:  []step{edit("snake case on the wire", "src/api/serialize.js", "customerId: order", "customer_id: order"), edit("round", "src/api/serialize.js", "order.total,", "Math.round(order.total),")},
			log:     "2026-03-02T09:00:00.000Z ERROR Error: invoice refused: customerId is missing\n    at invoice (/app/src/billing/invoice.js:{src/billing/invoice.js|invoice refused}:11)\n    at handle (/app/src/server.js:20:9)\n",
			marker:  "customerId", cause: selfheal.Caused, culprit: 0, path: "src/api/serialize.js", line: "order.customer.id",
		},
		{
			name: "javascript outage beside a changed line", ext: "js", files: []string{"src/cache.js", cacheJS},
			earlier: []step{edit("words", "src/cache.js", "cache connection failed", "the cache connection failed")},
			window:  []step{edit("name the client", "src/cache.js", "url: process.env.REDIS_URL }", "url: process.env.REDIS_URL, name: 'shop' }")},
			log:     "2026-03-02T09:00:00.000Z ERROR the cache connection failed: connect ECONNREFUSED 10.0.0.4:6379\n", marker: "ECONNREFUSED",
			cause: selfheal.Inconclusive,
		},
	}
}

const (
	priceJava    = "package shop;\n\npublic class PriceService {\n    public int price(Order order, Region region) {\n        int base = order.total();\n        return base * region.factor();\n    }\n\n    public int tax(int price) {\n        return price / 5;\n    }\n}\n"
	checkoutJava = "package shop;\n\npublic class Checkout {\n    private final PriceService prices = new PriceService();\n\n    public int submit(Order order) {\n        Region region = Region.of(order.country());\n        return prices.price(order, region);\n    }\n\n    public int preview(Order order) {\n        return order.total();\n    }\n}\n"
	limitsJava   = "package shop;\n\npublic final class Limits {\n    public static final int MAX_UPLOAD = 10_000_000;\n    public static final int MAX_NAME = 80;\n    public static final int MAX_TAGS = 12;\n\n    private Limits() {}\n}\n"
	uploadJava   = "package shop;\n\npublic class Upload {\n    public void accept(byte[] body) {\n        if (body.length > Limits.MAX_UPLOAD) {\n            throw new IllegalArgumentException(\"upload of \" + body.length + \" bytes is larger than permitted\");\n        }\n    }\n}\n"
	accountJava  = "package shop;\n\npublic class Accounts {\n    public String label(Account account) {\n        if (account == null || account.owner() == null) {\n            return \"unknown\";\n        }\n        return account.owner().name();\n    }\n\n    public int count() {\n        return 3;\n    }\n}\n"
)

func javaStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "java caller passes null", ext: "java", files: []string{java + "PriceService.java", priceJava, java + "Checkout.java", checkoutJava},
			earlier: []step{edit("tax", java+"PriceService.java", "price / 5", "price / 4")},
			window:  []step{edit("regions are optional", java+"Checkout.java", "        Region region = Region.of(order.country());\n        return prices.price(order, region);\n", "        return prices.price(order, null);\n"), edit("tax", java+"PriceService.java", "price / 4", "price / 6")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"shop.Region.factor()\" because \"region\" is null\n\tat shop.PriceService.price(PriceService.java:{src/main/java/shop/PriceService.java|region.factor})\n\tat shop.Checkout.submit(Checkout.java:{src/main/java/shop/Checkout.java|prices.price})\n\tat shop.Server.handle(Server.java:40)\n",
			marker:  "NullPointer", cause: selfheal.Caused, culprit: 0, path: java + "Checkout.java", line: "prices.price(order, null)",
		},
		{
			name: "java default in another class", ext: "java", files: []string{java + "Limits.java", limitsJava, java + "Upload.java", uploadJava},
			earlier: []step{edit("names", java+"Limits.java", "MAX_NAME = 80", "MAX_NAME = 90")},
			window:  []step{edit("tags", java+"Limits.java", "MAX_TAGS = 12", "MAX_TAGS = 14"), edit("bound uploads", java+"Limits.java", "10_000_000", "10_000")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalArgumentException: upload of 20480 bytes is larger than permitted\n\tat shop.Upload.accept(Upload.java:{src/main/java/shop/Upload.java|larger than permitted})\n\tat shop.Server.handle(Server.java:40)\n",
			marker:  "larger than", cause: selfheal.Caused, culprit: 1, path: java + "Limits.java", line: "MAX_UPLOAD = 10_000;",
		},
		{
			name: "java check removed", ext: "java", files: []string{java + "Accounts.java", accountJava},
			earlier: []step{edit("count", java+"Accounts.java", "return 3", "return 4")},
			window:  []step{edit("owners are never absent", java+"Accounts.java", "        if (account == null || account.owner() == null) {\n            return \"unknown\";\n        }\n", ""), edit("count", java+"Accounts.java", "return 4", "return 5")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"shop.Owner.name()\" because the return value of \"shop.Account.owner()\" is null\n\tat shop.Accounts.label(Accounts.java:{src/main/java/shop/Accounts.java|owner().name})\n\tat shop.Server.handle(Server.java:40)\n",
			marker:  "NullPointer", cause: selfheal.Caused, culprit: 0, path: java + "Accounts.java", line: "account.owner() == null",
		},
	}
}
