package eval

import "selfheal"

// fourthStories were written after the rules had been changed for the third
// ones, and answered before they were run.
func fourthStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "fourth python attribute of a library", ext: "py", files: []string{
				"exports.py", "def export(rows):\n    table = Table()\n    table.status = 'open'\n    table.rows = rows\n    return table\n",
				"partner.py", "import requests\n\n\ndef offers(url):\n    answer = requests.get(url)\n    if answer.status_code == 200:\n        return answer.json()['offers'][0]\n    raise RuntimeError('partner gave no offers')\n",
			},
			earlier: []step{edit("words", "partner.py", "def offers(url):\n", "# what the partner sells\ndef offers(url):\n")},
			window:  []step{edit("no state", "exports.py", "    table.status = 'open'\n", "")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/partner.py\", line {partner.py|['offers']}, in offers\n    return answer.json()['offers'][0]\nIndexError: list index out of range\n", marker: "list index",
			cause: selfheal.Inconclusive,
		},
		{
			name: "fourth java size of another pool", ext: "java", files: []string{
				java + "Pool.java", "package shop;\n\npublic class Pool {\n    private final int size;\n    private int used;\n\n    public Pool(int size) {\n        this.size = size;\n    }\n\n    public void take() {\n        used++;\n    }\n\n    public void give() {\n        if (used == 0) {\n            throw new IllegalStateException(\"given back twice\");\n        }\n        used--;\n    }\n}\n",
				java + "Main.java", "package shop;\n\npublic class Main {\n    static final int POOL_SIZE = 16;\n\n    public static void main(String[] args) {\n        new Server(new Pool(POOL_SIZE)).run();\n    }\n}\n",
			},
			earlier: []step{edit("final", java+"Main.java", "public static void main", "public static final void main")},
			window:  []step{edit("larger", java+"Main.java", "POOL_SIZE = 16", "POOL_SIZE = 32")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalStateException: given back twice\n\tat shop.Pool.give(Pool.java:{src/main/java/shop/Pool.java|throw new})\n\tat shop.Server.handle(Server.java:40)\n", marker: "given back",
			cause: selfheal.Inconclusive,
		},
		{
			name: "fourth go key of a message", ext: "go", files: []string{
				"events/send.go", "package events\n\nimport \"encoding/json\"\n\n// Paid is what others are told.\ntype Paid struct {\n\tOrder  string `json:\"order_number\"`\n\tAmount int    `json:\"amount\"`\n}\n\n// Encode writes an event.\nfunc Encode(p Paid) ([]byte, error) { return json.Marshal(p) }\n",
				"books/receive.go", "package books\n\nimport (\n\t\"encoding/json\"\n\t\"errors\"\n)\n\n// Receive books a payment.\nfunc Receive(text []byte) error {\n\tvar m map[string]any\n\tif err := json.Unmarshal(text, &m); err != nil {\n\t\treturn err\n\t}\n\tnumber, _ := m[\"order_number\"].(string)\n\tif number == \"\" {\n\t\treturn errors.New(\"payment belongs to nothing that was bought\")\n\t}\n\treturn book(number)\n}\n",
			},
			earlier: []step{edit("words", "books/receive.go", "books a payment", "books one payment")},
			window:  []step{edit("short keys", "events/send.go", "json:\"order_number\"", "json:\"order\""), edit("words", "events/send.go", "what others are told", "what all others are told")},
			log:     "2026-03-02T09:00:00Z ERROR payment belongs to nothing that was bought\n", marker: "belongs to nothing",
			cause: selfheal.Caused, culprit: 0, path: "events/send.go", line: "json:\"order\"",
		},
		{
			name: "fourth javascript retry bound", ext: "js", files: []string{
				"src/retry.js", "function retry(attempts, task) {\n  for (let n = 0; n < attempts; n++) {\n    if (task()) {\n      return;\n    }\n  }\n  throw new Error('gave up on the task');\n}\n\nmodule.exports = { retry };\n",
				"src/upload.js", "const { retry } = require('./retry');\n\nconst UPLOAD_ATTEMPTS = 5;\n\nfunction upload(file) {\n  retry(UPLOAD_ATTEMPTS, () => send(file));\n}\n\nmodule.exports = { upload };\n",
			},
			earlier: []step{edit("words", "src/upload.js", "function upload", "// sends a picture\nfunction upload")},
			window:  []step{edit("once is enough", "src/upload.js", "UPLOAD_ATTEMPTS = 5", "UPLOAD_ATTEMPTS = 0")},
			log:     "2026-03-02T09:00:00.000Z ERROR Error: gave up on the task\n    at retry (/app/src/retry.js:{src/retry.js|throw new Error}:9)\n    at upload (/app/src/upload.js:{src/upload.js|retry(UPLOAD}:3)\n", marker: "gave up on",
			cause: selfheal.Caused, culprit: 0, path: "src/upload.js", line: "UPLOAD_ATTEMPTS = 0",
		},
		{
			name: "fourth python route of a handler", ext: "py", files: []string{
				"web/app.py", "def routes(app):\n    @app.route('/carts/merge')\n    def merge():\n        return 'merged'\n\n    @app.route('/carts/clear')\n    def clear():\n        return 'cleared'\n",
				"jobs/nightly.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef nightly(client):\n    answer = client.post('/carts/merge')\n    if answer.status != 200:\n        log.error('baskets of guests were not joined: %d', answer.status)\n",
			},
			earlier: []step{edit("words", "jobs/nightly.py", "def nightly(client):\n", "# runs at two\ndef nightly(client):\n")},
			window:  []step{edit("join", "web/app.py", "'/carts/merge'", "'/carts/join'"), edit("cleared", "web/app.py", "'cleared'", "'all cleared'")},
			log:     "2026-03-02 09:00:00,000 ERROR jobs.nightly baskets of guests were not joined: 404\n", marker: "baskets of guests",
			cause: selfheal.Caused, culprit: 0, path: "web/app.py", line: "/carts/join",
		},
		{
			name: "fourth javascript swapped in a test only", ext: "js", files: []string{
				"src/range.js", "function within(low, high, x) {\n  if (low > high) {\n    throw new RangeError('range is upside down');\n  }\n  return x >= low && x <= high;\n}\n\nmodule.exports = { within };\n",
				"test/range.test.js", "const { within } = require('../src/range');\n\ntest('within', () => {\n  expect(within(1, 2, 1)).toBe(true);\n});\n",
			},
			earlier: []step{edit("words", "src/range.js", "function within", "// both ends belong to it\nfunction within")},
			window:  []step{edit("other way round", "test/range.test.js", "within(1, 2, 1)", "within(2, 1, 1)"), edit("words", "lib3/part.js", "x + 3", "x + 4")},
			log:     "2026-03-02T09:00:00.000Z ERROR RangeError: range is upside down\n    at within (/app/src/range.js:{src/range.js|throw new}:11)\n    at filter (/app/src/server.js:9:5)\n", marker: "upside down",
			cause: selfheal.Inconclusive,
		},
	}
}
