package eval

import "selfheal"

// lastStories were written after the rules had been changed for the later ones,
// and answered before they were run.
func lastStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "last go slice of a header", ext: "go", files: []string{
				"auth/token.go", "package auth\n\nimport \"strings\"\n\n// Token reads the token of a header.\nfunc Token(header string) string {\n\tif !strings.HasPrefix(header, \"Bearer \") {\n\t\treturn \"\"\n\t}\n\treturn header[7:]\n}\n\n// Known tells whether there is a token.\nfunc Known(header string) bool { return Token(header) != \"\" }\n",
			},
			earlier: []step{edit("known", "auth/token.go", "there is a token", "a token is there")},
			window:  []step{edit("any scheme", "auth/token.go", "\tif !strings.HasPrefix(header, \"Bearer \") {\n\t\treturn \"\"\n\t}\n", ""), edit("words", "auth/token.go", "of a header.", "of one header.")},
			log:     "panic: runtime error: slice bounds out of range [7:0]\n\ngoroutine 22 [running]:\nexample.com/shop/auth.Token(...)\n\t/src/auth/token.go:{auth/token.go|header[7:]}\nmain.handle({0x1, 0x2}, 0x3)\n\t/src/main.go:20 +0x1f\n", marker: "slice bounds",
			cause: selfheal.Caused, culprit: 0, path: "auth/token.go", line: "header[7:]",
		},
		{
			name: "last go flag of a start script", ext: "go", files: []string{
				"main.go", "package main\n\nimport \"flag\"\n\nfunc main() {\n\taddress := flag.String(\"address\", \":8080\", \"where to listen\")\n\tflag.Parse()\n\tserve(*address)\n}\n",
				"deploy/start.sh", "#!/bin/sh\nexec /app/shop --address :9000\n",
			},
			earlier: []step{edit("words", "main.go", "where to listen", "where it listens")},
			window:  []step{edit("name it as others do", "main.go", "flag.String(\"address\"", "flag.String(\"listen-address\"")},
			log:     "flag provided but not defined: -address\nUsage of /app/shop:\n", marker: "flag provided",
			cause: selfheal.Caused, culprit: 0, path: "main.go", line: "flag.String(",
		},
		{
			name: "last python changed order of arguments", ext: "py", files: []string{
				"geo.py", "def distance(lat, lon):\n    if not -90 <= lat <= 90:\n        raise ValueError('latitude %s is out of range' % lat)\n    return lat + lon\n",
				"routes.py", "from geo import distance\n\n\ndef route(point):\n    return distance(point['lat'], point['lon'])\n",
			},
			earlier: []step{edit("sum", "geo.py", "return lat + lon", "return lon + lat")},
			window:  []step{edit("longitude first", "routes.py", "distance(point['lat'], point['lon'])", "distance(point['lon'], point['lat'])")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/routes.py\", line {routes.py|distance(point}, in route\n    return distance(point['lon'], point['lat'])\n  File \"/app/geo.py\", line {geo.py|raise ValueError}, in distance\n    raise ValueError('latitude %s is out of range' % lat)\nValueError: latitude 139.7 is out of range\n", marker: "latitude",
			cause: selfheal.Caused, culprit: 0, path: "routes.py", line: "distance(point",
		},
		{
			name: "last python stricter check", ext: "py", files: []string{
				"orders.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef accept(order):\n    if order.total <= 0:\n        log.warning('order %s is refused because of its total', order.id)\n        return False\n    return True\n",
			},
			earlier: []step{edit("import", "orders.py", "import logging\n\nlog", "import logging\n\n\nlog")},
			window:  []step{edit("minimum", "orders.py", "order.total <= 0", "order.total <= 20")},
			log:     "2026-03-02 09:00:00,000 WARNING orders order 4711 is refused because of its total\n", marker: "refused because",
			cause: selfheal.Caused, culprit: 0, path: "orders.py", line: "order.total <=",
		},
		{
			name: "last javascript export removed", ext: "js", files: []string{
				"src/money.js", "function cents(x) {\n  return Math.round(x * 100);\n}\n\nfunction euros(x) {\n  return x / 100;\n}\n\nmodule.exports = { cents, euros };\n",
				"src/pay.js", "const { cents } = require('./money');\n\nfunction pay(order) {\n  return cents(order.total);\n}\n\nmodule.exports = { pay };\n",
			},
			earlier: []step{edit("euros", "src/money.js", "x / 100", "(x / 100).toFixed(2)")},
			window:  []step{edit("unused", "src/money.js", "module.exports = { cents, euros };", "module.exports = { euros };")},
			log:     "2026-03-02T09:00:00.000Z ERROR TypeError: cents is not a function\n    at pay (/app/src/pay.js:{src/pay.js|return cents}:10)\n    at handle (/app/src/server.js:12:5)\n", marker: "not a function",
			cause: selfheal.Caused, culprit: 0, path: "src/money.js", line: "module.exports",
		},
		{
			name: "last java pool size", ext: "java", files: []string{
				java + "Pool.java", "package shop;\n\npublic class Pool {\n    private final int size;\n    private int used;\n\n    public Pool(int size) {\n        this.size = size;\n    }\n\n    public void take() {\n        if (used >= size) {\n            throw new IllegalStateException(\"no worker of the pool is free\");\n        }\n        used++;\n    }\n}\n",
				java + "Main.java", "package shop;\n\npublic class Main {\n    static final int WORKERS = 16;\n\n    public static void main(String[] args) {\n        Pool pool = new Pool(WORKERS);\n        new Server(pool).run();\n    }\n}\n",
			},
			earlier: []step{edit("final", java+"Main.java", "        new Server(pool).run();", "        new Server(pool).run(args);")},
			window:  []step{edit("smaller machines", java+"Main.java", "WORKERS = 16", "WORKERS = 2")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalStateException: no worker of the pool is free\n\tat shop.Pool.take(Pool.java:{src/main/java/shop/Pool.java|throw new})\n\tat shop.Server.handle(Server.java:40)\n", marker: "no worker",
			cause: selfheal.Caused, culprit: 0, path: java + "Main.java", line: "WORKERS = 2",
		},
		{
			name: "last go disk", ext: "go", files: []string{"store/query.go", storeQuery, "config/config.go", configGo, "totals/totals.go", totalsGo},
			earlier: []step{edit("idle", "config/config.go", "30 * time", "45 * time")},
			window:  []step{edit("workers", "config/config.go", "Workers  = 4", "Workers  = 8")},
			log:     "2026-03-02T09:00:00Z ERROR write journal: write /var/lib/shop/journal: no space left on device\n", marker: "no space",
			cause: selfheal.Inconclusive,
		},
		{
			name: "last javascript unrelated", ext: "js", files: []string{"src/inventory.js", inventoryJS, "config/settings.yaml", settingsYAML, "src/report.js", reportJS},
			earlier: []step{edit("workers", "config/settings.yaml", "workers: 4", "workers: 6")},
			window:  []step{edit("names", "src/report.js", "entriesOf(day)", "entriesOf(day, 'all')")},
			log:     "2026-03-02T09:00:00.000Z ERROR mail to customer 5512 was not delivered: mailbox unknown\n", marker: "mailbox",
			cause: selfheal.Inconclusive,
		},
	}
}
