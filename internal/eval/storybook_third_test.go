package eval

import "selfheal"

// thirdStories were written after the rules had been changed for the fresh ones,
// and answered before they were run.
func thirdStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "third javascript field that a library gives too", ext: "js", files: []string{
				"src/report.js", "function report(rows) {\n  return { data: rows, count: rows.length };\n}\n\nmodule.exports = { report };\n",
				"src/partner.js", "const axios = require('axios');\n\nasync function stock(id) {\n  const answer = await axios.get('https://partner.example.com/stock/' + id);\n  return answer.data.quantity.value;\n}\n\nmodule.exports = { stock };\n",
			},
			earlier: []step{edit("words", "src/report.js", "function report(rows) {\n", "// as the office wants it\nfunction report(rows) {\n")},
			window:  []step{edit("rows", "src/report.js", "data: rows", "rows"), edit("count", "src/report.js", "count: rows.length", "count: rows.length + 0")},
			log:     "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'value')\n    at stock (/app/src/partner.js:{src/partner.js|answer.data.quantity}:32)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "Cannot read",
			cause: selfheal.Inconclusive,
		},
		{
			name: "third python feature switch", ext: "py", files: []string{
				"config/features.yaml", "features:\n  gift_wrapping: true\n  guest_orders: true\n",
				"wrap.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef wrap(features, order):\n    if not features['gift_wrapping']:\n        log.error('order asks for something that we do not do')\n        return None\n    return order.paper\n",
			},
			earlier: []step{edit("guests", "config/features.yaml", "guest_orders: true", "guest_orders: false")},
			window:  []step{edit("guests", "config/features.yaml", "guest_orders: false", "guest_orders: true"), edit("after the season", "config/features.yaml", "gift_wrapping: true", "gift_wrapping: false")},
			log:     "2026-03-02 09:00:00,000 ERROR wrap order asks for something that we do not do\n", marker: "something that we do not",
			cause: selfheal.Caused, culprit: 1, path: "config/features.yaml", line: "gift_wrapping: false",
		},
		{
			name: "third go flag of the code, not of the manifest", ext: "go", files: []string{
				"export/export.go", "package export\n\nimport (\n\t\"errors\"\n\t\"os\"\n)\n\n// Run writes the export.\nfunc Run() error {\n\tfolder := os.Getenv(\"EXPORT_FOLDER\")\n\tif folder == \"\" {\n\t\treturn errors.New(\"no place to write the export to\")\n\t}\n\treturn write(folder)\n}\n",
				"deploy/app.yaml", "env:\n  - name: EXPORT_FOLDER\n    value: /data\n  - name: LEVEL\n    value: info\n",
			},
			earlier: []step{edit("words", "export/export.go", "writes the export.", "writes one export.")},
			window:  []step{edit("shorter name", "export/export.go", "\"EXPORT_FOLDER\"", "\"EXPORT_DIR\""), edit("level", "deploy/app.yaml", "value: info", "value: warn")},
			log:     "2026-03-02T09:00:00Z ERROR nightly: no place to write the export to\n", marker: "no place to write",
			cause: selfheal.Caused, culprit: 0, path: "export/export.go", line: "EXPORT_DIR",
		},
		{
			name: "third java typed key of a map", ext: "java", files: []string{
				java + "Payload.java", "package shop;\n\nimport java.util.Map;\n\npublic class Payload {\n    public static Map<String, Object> of(Order order) {\n        return Map.of(\"number\", order.number(), \"grossAmount\", order.total());\n    }\n}\n",
				java + "Booking.java", "package shop;\n\nimport java.util.Map;\n\npublic class Booking {\n    public long book(Map<String, Object> payload) {\n        Long amount = (Long) payload.get(\"grossAmount\");\n        return amount.longValue() * 100;\n    }\n}\n",
			},
			earlier: []step{edit("final", java+"Booking.java", "public long book", "public final long book")},
			window:  []step{edit("one word", java+"Payload.java", "\"grossAmount\"", "\"gross\""), edit("number", java+"Payload.java", "order.number()", "order.number().trim()")},
			log:     "2026-03-02 09:00:00 ERROR booking failed\njava.lang.NullPointerException: Cannot invoke \"java.lang.Long.longValue()\" because \"amount\" is null\n\tat shop.Booking.book(Booking.java:{src/main/java/shop/Booking.java|longValue})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointerException",
			cause: selfheal.Caused, culprit: 0, path: java + "Payload.java", line: "\"gross\"",
		},
		{
			name: "third python table renamed", ext: "py", files: []string{
				"migrations/0007_names.py", "def up(op):\n    op.execute('ALTER TABLE parcels ADD COLUMN weight int')\n",
				"parcels.py", "def heavy(db):\n    return db.query('SELECT id, weight FROM parcels WHERE weight > 30')\n",
			},
			earlier: []step{edit("words", "parcels.py", "def heavy(db):\n", "# what two people carry\ndef heavy(db):\n")},
			window:  []step{edit("shipments", "migrations/0008_shipments.py", "", "def up(op):\n    op.execute('ALTER TABLE parcels RENAME TO shipments')\n"), edit("parts", "lib2/part.py", "x + 2", "x + 3")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/parcels.py\", line {parcels.py|SELECT id}, in heavy\n    return db.query('SELECT id, weight FROM parcels WHERE weight > 30')\npsycopg2.errors.UndefinedTable: relation \"parcels\" does not exist\n", marker: "does not exist",
			cause: selfheal.Caused, culprit: 0, path: "migrations/0008_shipments.py", line: "RENAME TO",
		},
		{
			name: "third go argument that is unrelated", ext: "go", files: []string{
				"cache/cache.go", "package cache\n\nimport \"log/slog\"\n\n// Cache keeps pages.\ntype Cache struct{ size int }\n\n// New makes a cache.\nfunc New(size int) *Cache { return &Cache{size: size} }\n\n// Load reads the pages that were kept.\nfunc (c *Cache) Load(path string) {\n\tif !readable(path) {\n\t\tslog.Error(\"pages of the last run are lost\", \"path\", path)\n\t}\n}\n",
				"main.go", "package main\n\nimport \"example.com/shop/cache\"\n\nfunc main() {\n\tc := cache.New(1000)\n\tserve(c)\n}\n",
			},
			earlier: []step{edit("words", "cache/cache.go", "keeps pages", "keeps all pages")},
			window:  []step{edit("larger", "main.go", "cache.New(1000)", "cache.New(1200)")},
			log:     "2026-03-02T09:00:00Z ERROR pages of the last run are lost path=/var/cache/pages\n", marker: "pages of the last run",
			cause: selfheal.Inconclusive,
		},
		{
			name: "third python swapped in a method", ext: "py", files: []string{
				"seats.py", "class Hall:\n    def __init__(self, rows):\n        self.rows = rows\n\n    def reserve(self, row, seat):\n        if row >= len(self.rows):\n            raise LookupError('hall has no row %d' % row)\n        return self.rows[row][seat]\n",
				"tickets.py", "def sell(hall, ticket):\n    return hall.reserve(ticket.row, ticket.seat)\n",
			},
			earlier: []step{edit("text", "tickets.py", "def sell(hall, ticket):", "def sell(hall, ticket, gift=False):")},
			window:  []step{edit("seat first", "tickets.py", "ticket.row, ticket.seat", "ticket.seat, ticket.row")},
			log:     "2026-03-02 09:00:00,000 ERROR box office: hall has no row 44\n", marker: "hall has no row",
			cause: selfheal.Caused, culprit: 0, path: "tickets.py", line: "hall.reserve(",
		},
		{
			name: "third javascript queue renamed", ext: "js", files: []string{
				"src/publish.js", "function publish(channel, order) {\n  channel.sendToQueue('orders.created', Buffer.from(JSON.stringify(order)));\n}\n\nmodule.exports = { publish };\n",
				"src/consume.js", "function consume(channel) {\n  channel.checkQueue('orders.created', (error) => {\n    if (error) {\n      console.error('nothing to consume, is somebody publishing?');\n    }\n  });\n}\n\nmodule.exports = { consume };\n",
			},
			earlier: []step{edit("words", "src/consume.js", "function consume", "// listens to orders\nfunction consume")},
			window:  []step{edit("past tense", "src/publish.js", "'orders.created'", "'orders.placed'")},
			log:     "2026-03-02T09:00:00.000Z ERROR nothing to consume, is somebody publishing?\n", marker: "nothing to consume",
			cause: selfheal.Caused, culprit: 0, path: "src/publish.js", line: "orders.placed",
		},
	}
}
