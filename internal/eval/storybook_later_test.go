package eval

import "selfheal"

// laterStories were written after the rules had been changed for the first ones,
// and answered before they were run.
func laterStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "later go time limit in a literal", ext: "go", files: []string{
				"clients/http.go", "package clients\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\n// New makes the client that all calls share.\nfunc New() *http.Client {\n\treturn &http.Client{\n\t\tTimeout:   10 * time.Second,\n\t\tTransport: http.DefaultTransport,\n\t}\n}\n",
				"catalog/sync.go", "package catalog\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/clients\"\n)\n\n// Sync reads the catalog.\nfunc Sync(url string) error {\n\tanswer, err := clients.New().Get(url)\n\tif err != nil {\n\t\treturn fmt.Errorf(\"catalog was not read: %w\", err)\n\t}\n\treturn answer.Body.Close()\n}\n",
			},
			earlier: []step{edit("comment", "catalog/sync.go", "reads the catalog", "reads the whole catalog")},
			window:  []step{edit("fail fast", "clients/http.go", "10 * time.Second", "10 * time.Millisecond")},
			log:     "2026-03-02T09:00:00Z ERROR catalog was not read: Get \"https://catalog.example.com/all\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)\n", marker: "deadline",
			cause: selfheal.Caused, culprit: 0, path: "clients/http.go", line: "10 * time.Millisecond",
		},
		{
			name: "later go map that is not made", ext: "go", files: []string{
				"stock/stock.go", "package stock\n\n// Stock counts items.\ntype Stock struct {\n\tcounts map[string]int\n\tlimit  int\n}\n\n// New makes an empty stock.\nfunc New() *Stock {\n\treturn &Stock{counts: map[string]int{}, limit: 100}\n}\n\n// Add adds items.\nfunc (s *Stock) Add(name string, n int) {\n\ts.counts[name] += n\n}\n\n// Full tells whether there is no room.\nfunc (s *Stock) Full() bool { return len(s.counts) >= s.limit }\n",
			},
			earlier: []step{edit("comment", "stock/stock.go", "counts items", "counts all items")},
			window:  []step{edit("zero value", "stock/stock.go", "&Stock{counts: map[string]int{}, limit: 100}", "&Stock{limit: 100}"), edit("say more", "stock/stock.go", "no room.", "no room left.")},
			log:     "panic: assignment to entry in nil map\n\ngoroutine 7 [running]:\nexample.com/shop/stock.(*Stock).Add(0xc0001, {0x4b, 0x3}, 0x1)\n\t/src/stock/stock.go:{stock/stock.go|s.counts[name]} +0x4f\nmain.main()\n\t/src/main.go:9 +0x2a\n", marker: "nil map",
			cause: selfheal.Caused, culprit: 0, path: "stock/stock.go", line: "&Stock{limit",
		},
		{
			name: "later go pattern", ext: "go", files: []string{
				"names/names.go", "package names\n\nimport \"regexp\"\n\nvar allowed = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)\n\n// Valid tells whether a name is allowed.\nfunc Valid(name string) bool { return allowed.MatchString(name) }\n",
			},
			earlier: []step{edit("comment", "names/names.go", "is allowed.", "may be used.")},
			window:  []step{edit("digits", "names/names.go", "(-[a-z]+)*$", "(-[a-z0-9]+*$")},
			log:     "panic: regexp: Compile(`^[a-z]+(-[a-z0-9]+*$`): error parsing regexp: invalid nested repetition operator: `+*`\n\ngoroutine 1 [running]:\nregexp.MustCompile({0x4d, 0x16})\n\t/usr/local/go/src/regexp/regexp.go:313 +0xb4\nexample.com/shop/names.init()\n\t/src/names/names.go:{names/names.go|MustCompile} +0x2a\n", marker: "parsing regexp",
			cause: selfheal.Caused, culprit: 0, path: "names/names.go", line: "MustCompile",
		},
		{
			name: "later python renamed function", ext: "py", files: []string{
				"prices.py", "def net_price(total, rate):\n    return total / (1 + rate)\n\n\ndef gross_price(net, rate):\n    return net * (1 + rate)\n",
				"invoice.py", "import prices\n\n\ndef invoice(order):\n    net = prices.net_price(order.total, order.rate)\n    return {'net': net}\n",
			},
			earlier: []step{edit("round", "prices.py", "return net * (1 + rate)", "return round(net * (1 + rate))")},
			window:  []step{edit("clearer name", "prices.py", "def net_price", "def without_tax"), edit("round", "invoice.py", "{'net': net}", "{'net': round(net)}")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/invoice.py\", line {invoice.py|prices.net_price}, in invoice\n    net = prices.net_price(order.total, order.rate)\nAttributeError: module 'prices' has no attribute 'net_price'\n", marker: "net_price",
			cause: selfheal.Caused, culprit: 0, path: "prices.py", line: "def without_tax",
		},
		{
			name: "later python required key", ext: "py", files: []string{
				"cleanup.py", "import json\n\n\ndef settings():\n    with open('settings.json') as f:\n        return json.load(f)\n\n\ndef cleanup(store):\n    config = settings()\n    days = 30\n    store.remove_older_than(days)\n    return config['name']\n",
				"settings.json", "{\n  \"name\": \"nightly\",\n  \"batch\": 100\n}\n",
			},
			earlier: []step{edit("batch", "settings.json", "100", "200")},
			window:  []step{edit("configurable", "cleanup.py", "days = 30", "days = config['retention_days']"), edit("batch", "settings.json", "200", "300")},
			log:     "2026-03-02 09:00:00,000 ERROR nightly failed\nTraceback (most recent call last):\n  File \"/app/cleanup.py\", line {cleanup.py|retention_days}, in cleanup\n    days = config['retention_days']\nKeyError: 'retention_days'\n", marker: "retention_days",
			cause: selfheal.Caused, culprit: 0, path: "cleanup.py", line: "retention_days",
		},
		{
			name: "later python dependency", ext: "py", files: []string{
				"requirements.txt", "flask==3.0.0\npaylib==1.4.2\nrequests==2.31.0\n",
				"pay.py", "import paylib\n\n\ndef pay(order):\n    return paylib.charge(order.total)\n",
			},
			earlier: []step{edit("flask", "requirements.txt", "3.0.0", "3.0.1")},
			window:  []step{edit("requests", "requirements.txt", "2.31.0", "2.32.0"), edit("paylib", "requirements.txt", "1.4.2", "2.0.0")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/pay.py\", line {pay.py|paylib.charge}, in pay\n    return paylib.charge(order.total)\n  File \"/usr/local/lib/python3.12/site-packages/paylib/api.py\", line 31, in charge\n    raise ConfigError('no merchant is set')\npaylib.errors.ConfigError: no merchant is set\n", marker: "merchant",
			cause: selfheal.Caused, culprit: 1, path: "requirements.txt", line: "paylib",
		},
		{
			name: "later python unchanged code", ext: "py", files: []string{
				"parse.py", "def parse(line):\n    day, amount = line.split(';')\n    return day, int(amount)\n",
				"report.py", "def report(rows):\n    return sum(a for _, a in rows)\n",
			},
			earlier: []step{edit("list", "report.py", "sum(a for _, a in rows)", "sum([a for _, a in rows])")},
			window:  []step{edit("floats", "report.py", "sum([a for _, a in rows])", "float(sum([a for _, a in rows]))")},
			log:     "2026-03-02 09:00:00,000 ERROR import failed\nTraceback (most recent call last):\n  File \"/app/parse.py\", line {parse.py|int(amount)}, in parse\n    return day, int(amount)\nValueError: invalid literal for int() with base 10: 'n/a'\n", marker: "invalid literal",
			cause: selfheal.Inconclusive,
		},
		{
			name: "later javascript forgotten await", ext: "js", files: []string{
				"src/list.js", "const { load } = require('./store');\n\nasync function list(id) {\n  const rows = await load(id);\n  return rows.map((r) => r.name);\n}\n\nmodule.exports = { list };\n",
				"src/store.js", "async function load(id) {\n  return [{ name: id }];\n}\n\nmodule.exports = { load };\n",
			},
			earlier: []step{edit("name", "src/store.js", "{ name: id }", "{ name: String(id) }")},
			window:  []step{edit("tidy", "src/list.js", "await load(id)", "load(id)"), edit("store", "src/store.js", "String(id)", "`${id}`")},
			log:     "2026-03-02T09:00:00.000Z ERROR TypeError: rows.map is not a function\n    at list (/app/src/list.js:{src/list.js|rows.map}:15)\n    at handle (/app/src/server.js:12:5)\n", marker: "not a function",
			cause: selfheal.Caused, culprit: 0, path: "src/list.js", line: "load(id);",
		},
		{
			name: "later javascript answer in another format", ext: "js", files: []string{
				"src/routes.js", "function routes(app) {\n  app.get('/health', (req, res) => {\n    res.json({ state: 'ok' });\n  });\n  app.get('/items', (req, res) => {\n    res.json([]);\n  });\n}\n\nmodule.exports = { routes };\n",
				"src/probe.js", "async function probe(url) {\n  const answer = await fetch(`${url}/health`);\n  const body = JSON.parse(await answer.text());\n  return body.state;\n}\n\nmodule.exports = { probe };\n",
			},
			earlier: []step{edit("items", "src/routes.js", "res.json([])", "res.json({ items: [] })")},
			window:  []step{edit("plain health", "src/routes.js", "res.json({ state: 'ok' })", "res.send('OK')")},
			log:     "2026-03-02T09:00:00.000Z ERROR SyntaxError: Unexpected token 'O', \"OK\" is not valid JSON\n    at JSON.parse (<anonymous>)\n    at probe (/app/src/probe.js:{src/probe.js|JSON.parse}:21)\n", marker: "Unexpected token",
			cause: selfheal.Caused, culprit: 0, path: "src/routes.js", line: "res.send('OK')",
		},
		{
			name: "later javascript certificate", ext: "js", files: []string{"src/cache.js", cacheJS, "config/settings.yaml", settingsYAML},
			earlier: []step{edit("workers", "config/settings.yaml", "workers: 4", "workers: 6")},
			window:  []step{edit("workers", "config/settings.yaml", "workers: 6", "workers: 8")},
			log:     "2026-03-02T09:00:00.000Z ERROR pay request failed: certificate has expired (CERT_HAS_EXPIRED)\n", marker: "certificate",
			cause: selfheal.Inconclusive,
		},
		{
			name: "later java constant of an enumeration", ext: "java", files: []string{
				java + "Status.java", "package shop;\n\npublic enum Status {\n    OPEN,\n    SHIPPED,\n    ARCHIVED,\n    LOST\n}\n",
				java + "Reader.java", "package shop;\n\npublic class Reader {\n    public Status read(String column) {\n        return Status.valueOf(column);\n    }\n\n    public int size() {\n        return 4;\n    }\n}\n",
			},
			earlier: []step{edit("size", java+"Reader.java", "return 4", "return 5")},
			window:  []step{edit("nobody archives", java+"Status.java", "    ARCHIVED,\n", ""), edit("size", java+"Reader.java", "return 5", "return 6")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalArgumentException: No enum constant shop.Status.ARCHIVED\n\tat java.base/java.lang.Enum.valueOf(Enum.java:293)\n\tat shop.Status.valueOf(Status.java:3)\n\tat shop.Reader.read(Reader.java:{src/main/java/shop/Reader.java|valueOf})\n", marker: "enum constant",
			cause: selfheal.Caused, culprit: 0, path: java + "Status.java", line: "ARCHIVED",
		},
		{
			name: "later go required column", ext: "go", files: []string{
				"users/users.go", "package users\n\nimport (\n\t\"context\"\n\t\"database/sql\"\n)\n\n// Create stores a user.\nfunc Create(ctx context.Context, db *sql.DB, name string) error {\n\t_, err := db.ExecContext(ctx, \"INSERT INTO users (name) VALUES ($1)\", name)\n\treturn err\n}\n",
				"migrations/0001.sql", "CREATE TABLE users (id SERIAL, name TEXT);\n",
			},
			earlier: []step{edit("comment", "users/users.go", "stores a user", "stores one user")},
			window:  []step{edit("regions", "migrations/0002.sql", "", "ALTER TABLE users ADD COLUMN sales_region TEXT;\nALTER TABLE users ALTER COLUMN sales_region SET NOT NULL;\n"), edit("comment", "users/users.go", "stores one user", "stores a user")},
			log:     "2026-03-02T09:00:00Z ERROR sign-up failed: pq: null value in column \"sales_region\" of relation \"users\" violates not-null constraint\n", marker: "not-null",
			cause: selfheal.Caused, culprit: 0, path: "migrations/0002.sql", line: "SET NOT NULL",
		},
		{
			name: "later python guilt of the deploy before", ext: "py", files: []string{"lib/text.py", textPy, "views.py", viewsPy, "settings.py", settingsPy},
			earlier: []step{edit("no empty default", "views.py", "request.form.get('name', '')", "request.form.get('name')")},
			window:  []step{edit("queue", "settings.py", "'jobs'", "'work'"), edit("health", "views.py", "{'ok': True}", "{'ok': True, 'version': 2}")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/views.py\", line {views.py|normalise(name)}, in profile\n    return {'name': normalise(name)}\n  File \"/app/lib/text.py\", line {lib/text.py|cleaned = name}, in normalise\n    cleaned = name.strip()\nAttributeError: 'NoneType' object has no attribute 'strip'\n",
			marker:  "NoneType",
		},
	}
}
