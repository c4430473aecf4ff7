package eval

import "selfheal"

// indexStories are about what only a look at the whole tree tells: what still
// uses a name that is gone, who calls whom, where a constant ends up. They were
// answered before the rules for them were made.
func indexStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "index go constant through a constructor", ext: "go", files: []string{
				"basket/basket.go", "package basket\n\nimport \"errors\"\n\n// Basket holds the items of an order.\ntype Basket struct {\n\tbound int\n\titems []string\n}\n\n// New makes an empty basket.\nfunc New(bound int) *Basket {\n\treturn &Basket{bound: bound}\n}\n\n// Put adds an item.\nfunc (b *Basket) Put(item string) error {\n\tif len(b.items) >= b.bound {\n\t\treturn errors.New(\"the basket takes no further item\")\n\t}\n\tb.items = append(b.items, item)\n\treturn nil\n}\n",
				"main.go", "package main\n\nimport \"example.com/shop/basket\"\n\nconst (\n\tbasketSize = 200\n\tworkers    = 4\n)\n\nfunc main() {\n\tb := basket.New(basketSize)\n\tserve(b, workers)\n}\n",
			},
			earlier: []step{edit("more workers", "main.go", "workers    = 4", "workers    = 6")},
			window:  []step{edit("small baskets", "main.go", "basketSize = 200", "basketSize = 2"), edit("fewer workers", "main.go", "workers    = 6", "workers    = 3")},
			log:     "2026-03-02T09:00:00Z ERROR put into basket: the basket takes no further item\n", marker: "no further item",
			cause: selfheal.Caused, culprit: 0, path: "main.go", line: "basketSize = 2",
		},
		{
			name: "index python key of a producer", ext: "py", files: []string{
				"invoices/read.py", "def read(row):\n    return {\n        'number': row[0],\n        'net': row[1],\n    }\n",
				"invoices/tax.py", "from invoices.read import read\n\n\ndef gross(row):\n    invoice = read(row)\n    return invoice.get('net') * 1.19\n",
			},
			earlier: []step{edit("import", "invoices/tax.py", "import read\n\n\ndef", "import read\n\n\n\ndef")},
			window:  []step{edit("say what it is", "invoices/read.py", "'net': row[1]", "'amount': row[1]"), edit("number", "invoices/read.py", "row[0]", "str(row[0])")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/invoices/tax.py\", line {invoices/tax.py|* 1.19}, in gross\n    return invoice.get('net') * 1.19\nTypeError: unsupported operand type(s) for *: 'NoneType' and 'float'\n", marker: "unsupported operand",
			cause: selfheal.Caused, culprit: 0, path: "invoices/read.py", line: "'amount'",
		},
		{
			name: "index python setting that is gone", ext: "py", files: []string{
				"config/service.yaml", "workers: 4\nattempt_bound: 5\nlevel: info\n",
				"delivery.py", "import time\n\n\ndef deliver(cfg, parcel):\n    bound = cfg.get('attempt_bound')\n    attempt = 0\n    while not parcel.sent:\n        attempt += 1\n        if attempt > bound:\n            return False\n        time.sleep(attempt)\n    return True\n",
			},
			earlier: []step{edit("level", "config/service.yaml", "level: info", "level: warn")},
			window:  []step{edit("workers", "config/service.yaml", "workers: 4", "workers: 8"), edit("unused settings", "config/service.yaml", "attempt_bound: 5\n", "")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/delivery.py\", line {delivery.py|attempt > bound}, in deliver\n    if attempt > bound:\nTypeError: '>' not supported between instances of 'int' and 'NoneType'\n", marker: "not supported between",
			cause: selfheal.Caused, culprit: 1, path: "config/service.yaml", line: "attempt_bound",
		},
		{
			name: "index go route of another service part", ext: "go", files: []string{
				"api/routes.go", "package api\n\nimport \"net/http\"\n\n// Routes registers what the service answers.\nfunc Routes(mux *http.ServeMux) {\n\tmux.HandleFunc(\"/v1/stock\", stock)\n\tmux.HandleFunc(\"/v1/prices\", prices)\n}\n",
				"sync/pull.go", "package sync\n\nimport (\n\t\"fmt\"\n\t\"net/http\"\n)\n\n// Pull reads the stock of a shop.\nfunc Pull(client *http.Client, host string) error {\n\tanswer, err := client.Get(host + \"/v1/stock\")\n\tif err != nil {\n\t\treturn err\n\t}\n\tdefer answer.Body.Close()\n\tif answer.StatusCode != http.StatusOK {\n\t\treturn fmt.Errorf(\"stock was not pulled, the shop said %s\", answer.Status)\n\t}\n\treturn nil\n}\n",
			},
			earlier: []step{edit("prices", "api/routes.go", "\"/v1/prices\"", "\"/v1/rates\"")},
			window:  []step{edit("second version", "api/routes.go", "\"/v1/stock\"", "\"/v2/stock\""), edit("words", "api/routes.go", "what the service answers", "all that the service answers")},
			log:     "2026-03-02T09:00:00Z ERROR stock was not pulled, the shop said 404 Not Found\n", marker: "not pulled",
			cause: selfheal.Caused, culprit: 0, path: "api/routes.go", line: "/v2/stock",
		},
		{
			name: "index javascript getter two calls away", ext: "js", files: []string{
				"src/account.js", "class Account {\n  constructor(row) {\n    this.row = row;\n  }\n\n  holder() {\n    return this.row.holder;\n  }\n}\n\nmodule.exports = { Account };\n",
				"src/letter.js", "function salutation(account) {\n  return greet(account.holder());\n}\n\nfunction greet(person) {\n  return 'Dear ' + person.name.trim();\n}\n\nmodule.exports = { salutation };\n",
			},
			earlier: []step{edit("words", "src/account.js", "constructor(row) {\n", "constructor(row) {\n    // as the database gives it\n")},
			window:  []step{edit("owners", "src/account.js", "return this.row.holder;", "return this.row.owner;"), edit("keep the row", "src/account.js", "this.row = row;", "this.row = Object.freeze(row);")},
			log:     "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'name')\n    at greet (/app/src/letter.js:{src/letter.js|person.name}:31)\n    at salutation (/app/src/letter.js:{src/letter.js|greet(account}:10)\n    at send (/app/src/mail.js:12:5)\n", marker: "Cannot read",
			cause: selfheal.Caused, culprit: 0, path: "src/account.js", line: "return this.row.owner",
		},
		{
			name: "index go swapped arguments", ext: "go", files: []string{
				"ledger/ledger.go", "package ledger\n\nimport \"fmt\"\n\n// Move books an amount from one account to another.\nfunc Move(from, to string, amount int) error {\n\tif !customers[from] {\n\t\treturn fmt.Errorf(\"account %s cannot pay, it is no customer's\", from)\n\t}\n\treturn book(from, to, amount)\n}\n",
				"orders/pay.go", "package orders\n\nimport \"example.com/shop/ledger\"\n\n// Pay takes the money for an order.\nfunc Pay(o Order) error {\n\treturn ledger.Move(o.Customer, o.Shop, o.Total)\n}\n",
			},
			earlier: []step{edit("words", "orders/pay.go", "the money for an order", "the money for one order")},
			window:  []step{edit("shop first", "orders/pay.go", "o.Customer, o.Shop", "o.Shop, o.Customer"), edit("book", "ledger/ledger.go", "return book(from, to, amount)", "return book(from, to, max(amount, 0))")},
			log:     "2026-03-02T09:00:00Z ERROR pay: account main cannot pay, it is no customer's\n", marker: "cannot pay",
			cause: selfheal.Caused, culprit: 0, path: "orders/pay.go", line: "ledger.Move(",
		},
		{
			name: "index go pointer in an interface", ext: "go", files: []string{
				"notify/stage.go", "package notify\n\nimport \"example.com/shop/cluster\"\n\n// Stage waits for the peers.\ntype Stage struct {\n\tpeer *cluster.Peer\n}\n\n// NewStage makes a stage; peer may be nil.\nfunc NewStage(peer *cluster.Peer) *Stage {\n\treturn &Stage{peer: peer}\n}\n\n// Run waits.\nfunc (s *Stage) Run() {\n\tif s.peer != nil {\n\t\ts.peer.Wait()\n\t}\n}\n",
				"cluster/peer.go", "package cluster\n\n// Peer is another instance.\ntype Peer struct {\n\tready chan struct{}\n}\n\n// Wait returns when the peer is ready.\nfunc (p *Peer) Wait() {\n\t<-p.ready\n}\n",
				"main.go", "package main\n\nimport (\n\t\"example.com/shop/cluster\"\n\t\"example.com/shop/notify\"\n)\n\nfunc main() {\n\tvar peer *cluster.Peer\n\tif clustered() {\n\t\tpeer = cluster.Join()\n\t}\n\tnotify.NewStage(peer).Run()\n}\n",
			},
			earlier: []step{edit("words", "cluster/peer.go", "another instance", "some other instance")},
			window: []step{
				edit("any peer", "notify/stage.go", "import \"example.com/shop/cluster\"\n\n", "// Peer is who is waited for.\ntype Peer interface {\n\tWait()\n}\n\n", "notify/stage.go", "peer *cluster.Peer\n}", "peer Peer\n}", "notify/stage.go", "NewStage(peer *cluster.Peer)", "NewStage(peer Peer)"),
				edit("room for one", "cluster/peer.go", "type Peer struct {", "type Peer struct {\n\tname  string"),
			},
			log:    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x4f1a2b]\n\ngoroutine 1 [running]:\nexample.com/shop/cluster.(*Peer).Wait(0x0)\n\t/src/cluster/peer.go:{cluster/peer.go|<-p.ready} +0x1d\nexample.com/shop/notify.(*Stage).Run(0xc0001)\n\t/src/notify/stage.go:{notify/stage.go|s.peer.Wait()} +0x2f\nmain.main()\n\t/src/main.go:{main.go|notify.NewStage} +0x3a\n",
			marker: "nil pointer", cause: selfheal.Caused, culprit: 0, path: "notify/stage.go", line: "peer Peer",
		},
		{
			name: "index java time limit one call away", ext: "java", files: []string{
				java + "Clients.java", "package shop;\n\nimport java.net.http.HttpClient;\nimport java.time.Duration;\n\npublic class Clients {\n    public static HttpClient shared() {\n        return HttpClient.newBuilder()\n            .connectTimeout(Duration.ofSeconds(10))\n            .build();\n    }\n}\n",
				java + "Catalog.java", "package shop;\n\npublic class Catalog {\n    private static final org.slf4j.Logger log = org.slf4j.LoggerFactory.getLogger(Catalog.class);\n\n    public void refresh() {\n        try {\n            Clients.shared().send(request(), body());\n        } catch (Exception e) {\n            log.error(\"the catalog of the supplier was not refreshed\", e);\n        }\n    }\n}\n",
			},
			earlier: []step{edit("final", java+"Catalog.java", "public void refresh()", "public final void refresh()")},
			window:  []step{edit("fail early", java+"Clients.java", "Duration.ofSeconds(10)", "Duration.ofMillis(10)")},
			log:     "2026-03-02 09:00:00 ERROR the catalog of the supplier was not refreshed\njava.net.http.HttpConnectTimeoutException: HTTP connect timed out\n\tat java.net.http/jdk.internal.net.http.HttpClientImpl.send(HttpClientImpl.java:561)\n\tat shop.Catalog.refresh(Catalog.java:{src/main/java/shop/Catalog.java|Clients.shared()})\n", marker: "not refreshed",
			cause: selfheal.Caused, culprit: 0, path: java + "Clients.java", line: "ofMillis(10)",
		},
		{
			name: "index python renamed everywhere beside an outage", ext: "py", files: []string{
				"orders/read.py", "def read(row):\n    return {'number': row[0], 'total': row[1]}\n",
				"orders/send.py", "import logging\n\nfrom orders.read import read\n\nlog = logging.getLogger(__name__)\n\n\ndef send(client, row):\n    order = read(row)\n    answer = client.post('/orders', order['total'])\n    if answer.status != 200:\n        log.error('order was not taken by the warehouse: %s', answer.status)\n",
			},
			earlier: []step{edit("level", "orders/send.py", "log.error", "log.warning")},
			window:  []step{edit("one name for the sum", "orders/read.py", "'total': row[1]", "'sum': row[1]", "orders/send.py", "order['total']", "order['sum']")},
			log:     "2026-03-02 09:00:00,000 WARNING orders.send order was not taken by the warehouse: 503 service unavailable\n", marker: "not taken",
			cause: selfheal.Inconclusive,
		},
		{
			name: "index go name that others give too", ext: "go", files: []string{
				"orders/read.go", "package orders\n\n// Read reads an order.\nfunc Read(row []string) map[string]string {\n\treturn map[string]string{\"state\": row[0], \"street\": row[1]}\n}\n",
				"labels/print.go", "package labels\n\nimport \"fmt\"\n\n// Print prints the label of a parcel.\nfunc Print(p Parcel) error {\n\tstate := p.State()\n\tif !sealed(state) {\n\t\treturn fmt.Errorf(\"parcel is open and gets no label\")\n\t}\n\treturn nil\n}\n",
			},
			earlier: []step{edit("parcel", "labels/print.go", "of a parcel", "of one parcel")},
			window:  []step{edit("without the state", "orders/read.go", "\"state\": row[0], ", "")},
			log:     "2026-03-02T09:00:00Z ERROR parcel is open and gets no label\n", marker: "gets no label",
			cause: selfheal.Inconclusive,
		},
	}
}
