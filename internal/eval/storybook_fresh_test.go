package eval

import "selfheal"

// freshStories were written after the rules of the index stories were done, and
// answered before they were run.
func freshStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "fresh python environment renamed in the code", ext: "py", files: []string{
				"deploy/app.yaml", "env:\n  - name: MAIL_ACCOUNT\n    value: shop\n  - name: LEVEL\n    value: info\n",
				"mail.py", "import logging\nimport os\n\nlog = logging.getLogger(__name__)\n\n\ndef send(text):\n    account = os.environ.get('MAIL_ACCOUNT')\n    if account is None:\n        log.error('letter was not sent, nobody to send it as')\n        return False\n    return deliver(account, text)\n",
			},
			earlier: []step{edit("level", "deploy/app.yaml", "value: info", "value: warn")},
			window:  []step{edit("level", "deploy/app.yaml", "value: warn", "value: error"), edit("names of the mail room", "deploy/app.yaml", "name: MAIL_ACCOUNT", "name: MAIL_SENDER")},
			log:     "2026-03-02 09:00:00,000 ERROR mail letter was not sent, nobody to send it as\n", marker: "letter was not sent",
			cause: selfheal.Caused, culprit: 1, path: "deploy/app.yaml", line: "MAIL_SENDER",
		},
		{
			name: "fresh javascript event renamed at its source", ext: "js", files: []string{
				"src/orders.js", "function place(bus, order) {\n  bus.emit('order-placed', { id: order.id, customer: order.customer });\n}\n\nmodule.exports = { place };\n",
				"src/receipts.js", "function listen(bus, mail) {\n  bus.on('order-placed', (event) => write(event, mail));\n}\n\nfunction write(event, mail) {\n  mail.send(event.customer.address);\n}\n\nmodule.exports = { listen };\n",
			},
			earlier: []step{edit("words", "src/receipts.js", "function listen(bus, mail) {\n", "// receipts go out by mail\nfunction listen(bus, mail) {\n")},
			window:  []step{edit("buyers", "src/orders.js", "customer: order.customer", "buyer: order.customer"), edit("id as text", "src/orders.js", "id: order.id", "id: String(order.id)")},
			log:     "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'address')\n    at write (/app/src/receipts.js:{src/receipts.js|event.customer.address}:28)\n    at EventEmitter.<anonymous> (/app/src/receipts.js:{src/receipts.js|bus.on}:44)\n", marker: "Cannot read",
			cause: selfheal.Caused, culprit: 0, path: "src/orders.js", line: "buyer: order.customer",
		},
		{
			name: "fresh go bound handed to a worker", ext: "go", files: []string{
				"queue/queue.go", "package queue\n\nimport (\n\t\"errors\"\n\t\"log/slog\"\n)\n\n// Queue holds jobs.\ntype Queue struct {\n\tjobs  []string\n\tdepth int\n}\n\n// Open makes a queue.\nfunc Open(depth int) *Queue { return &Queue{depth: depth} }\n\n// Push adds a job.\nfunc (q *Queue) Push(job string) error {\n\tif len(q.jobs) == q.depth {\n\t\tslog.Error(\"job is turned away, come back later\", \"job\", job)\n\t\treturn errors.New(\"turned away\")\n\t}\n\tq.jobs = append(q.jobs, job)\n\treturn nil\n}\n",
				"cmd/shop/main.go", "package main\n\nimport \"example.com/shop/queue\"\n\nfunc main() {\n\tq := queue.Open(5000)\n\tserve(q)\n}\n",
			},
			earlier: []step{edit("words", "queue/queue.go", "holds jobs", "holds all jobs")},
			window:  []step{edit("less memory", "cmd/shop/main.go", "queue.Open(5000)", "queue.Open(50)")},
			log:     "2026-03-02T09:00:00Z ERROR job is turned away, come back later job=4711\n", marker: "turned away",
			cause: selfheal.Caused, culprit: 0, path: "cmd/shop/main.go", line: "queue.Open(50)",
		},
		{
			name: "fresh python swapped by keyword order", ext: "py", files: []string{
				"shipping/label.py", "def label(street, city, code):\n    if not code.isdigit():\n        raise ValueError('postal code %s has letters' % code)\n    return '%s, %s %s' % (street, code, city)\n",
				"shipping/parcel.py", "from shipping.label import label\n\n\ndef prepare(parcel):\n    to = parcel.address\n    return label(to.street, to.city, to.code)\n",
			},
			earlier: []step{edit("words", "shipping/label.py", "has letters", "contains letters")},
			window:  []step{edit("code before city", "shipping/parcel.py", "to.city, to.code", "to.code, to.city"), edit("to", "shipping/parcel.py", "to = parcel.address\n", "to = parcel.address or parcel.sender\n")},
			log:     "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/shipping/parcel.py\", line {shipping/parcel.py|return label}, in prepare\n    return label(to.street, to.code, to.city)\n  File \"/app/shipping/label.py\", line {shipping/label.py|raise ValueError}, in label\n    raise ValueError('postal code %s contains letters' % code)\nValueError: postal code Hamburg contains letters\n", marker: "postal code",
			cause: selfheal.Caused, culprit: 0, path: "shipping/parcel.py", line: "return label(",
		},
		{
			name: "fresh go typed nil of a validator", ext: "go", files: []string{
				"rules/rules.go", "package rules\n\n// Violation says which rule an order breaks.\ntype Violation struct{ rule string }\n\nfunc (v *Violation) Error() string { return \"order breaks rule \" + v.rule }\n\n// Check looks for a broken rule.\nfunc Check(total int) error {\n\tif total < 0 {\n\t\treturn &Violation{\"total\"}\n\t}\n\treturn nil\n}\n",
				"api/order.go", "package api\n\nimport (\n\t\"log\"\n\n\t\"example.com/shop/rules\"\n)\n\n// Order takes an order.\nfunc Order(total int) int {\n\tif err := rules.Check(total); err != nil {\n\t\tlog.Print(err.Error())\n\t\treturn 400\n\t}\n\treturn 200\n}\n",
			},
			earlier: []step{edit("words", "api/order.go", "takes an order", "takes one order")},
			window:  []step{edit("one way out", "rules/rules.go", "\tif total < 0 {\n\t\treturn &Violation{\"total\"}\n\t}\n\treturn nil\n", "\tvar v *Violation\n\tif total < 0 {\n\t\tv = &Violation{\"total\"}\n\t}\n\treturn v\n"), edit("status", "api/order.go", "return 400", "return 422")},
			log:     "2026/03/02 09:00:00 http: panic serving 10.0.0.7:51234: runtime error: invalid memory address or nil pointer dereference\ngoroutine 41 [running]:\nexample.com/shop/rules.(*Violation).Error(0x0)\n\t/src/rules/rules.go:{rules/rules.go|v.rule} +0x1d\nexample.com/shop/api.Order(0x5)\n\t/src/api/order.go:{api/order.go|err.Error()} +0x8a\n", marker: "nil pointer",
			cause: selfheal.Caused, culprit: 0, path: "rules/rules.go", line: "var v *Violation",
		},
		{
			name: "fresh java pool of another class", ext: "java", files: []string{
				java + "Limits.java", "package shop;\n\npublic final class Limits {\n    public static final int SESSIONS_PER_USER = 20;\n    public static final int NAME_LENGTH = 80;\n}\n",
				java + "Sessions.java", "package shop;\n\npublic class Sessions {\n    private final int bound;\n    private int open;\n\n    public Sessions(int bound) {\n        this.bound = bound;\n    }\n\n    public void begin() {\n        if (open >= bound) {\n            throw new IllegalStateException(\"user has too much open already\");\n        }\n        open++;\n    }\n}\n",
				java + "Wiring.java", "package shop;\n\npublic class Wiring {\n    public Sessions sessions() {\n        return new Sessions(Limits.SESSIONS_PER_USER);\n    }\n}\n",
			},
			earlier: []step{edit("names", java+"Limits.java", "NAME_LENGTH = 80", "NAME_LENGTH = 90")},
			window:  []step{edit("names again", java+"Limits.java", "NAME_LENGTH = 90", "NAME_LENGTH = 100"), edit("one session", java+"Limits.java", "SESSIONS_PER_USER = 20", "SESSIONS_PER_USER = 1")},
			log:     "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalStateException: user has too much open already\n\tat shop.Sessions.begin(Sessions.java:{src/main/java/shop/Sessions.java|throw new})\n\tat shop.Server.handle(Server.java:40)\n", marker: "open already",
			cause: selfheal.Caused, culprit: 1, path: java + "Limits.java", line: "SESSIONS_PER_USER = 1",
		},
		{
			name: "fresh go helper two calls away", ext: "go", files: []string{
				"billing/charge.go", "package billing\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/pricing\"\n)\n\n// Charge takes the money.\nfunc Charge(items []string) error {\n\tamount := pricing.Quote(items)\n\tif amount <= 0 {\n\t\treturn fmt.Errorf(\"nothing to charge for this basket\")\n\t}\n\treturn nil\n}\n",
				"pricing/quote.go", "package pricing\n\nimport \"example.com/shop/tariff\"\n\n// Quote adds up.\nfunc Quote(items []string) int {\n\tsum := 0\n\tfor _, item := range items {\n\t\tsum += tariff.PriceOf(item)\n\t}\n\treturn sum\n}\n",
				"tariff/tariff.go", "package tariff\n\n// PriceOf gives the price of an item in cents.\nfunc PriceOf(item string) int {\n\tprice, known := prices[item]\n\tif !known {\n\t\treturn standard\n\t}\n\treturn price\n}\n",
			},
			earlier: []step{edit("words", "tariff/tariff.go", "in cents", "in whole cents")},
			window:  []step{edit("no standard price", "tariff/tariff.go", "\tif !known {\n\t\treturn standard\n\t}\n", "\tif !known {\n\t\treturn 0\n\t}\n")},
			log:     "2026-03-02T09:00:00Z ERROR nothing to charge for this basket\n", marker: "nothing to charge",
			cause: selfheal.Caused, culprit: 0, path: "tariff/tariff.go", line: "return 0",
		},
		{
			name: "fresh javascript time limit of a helper", ext: "js", files: []string{
				"src/http.js", "const axios = require('axios');\n\nfunction connection() {\n  return axios.create({\n    timeout: 8000,\n  });\n}\n\nmodule.exports = { connection };\n",
				"src/weather.js", "const { connection } = require('./http');\n\nasync function forecast(city) {\n  try {\n    return await connection().get('/forecast/' + city);\n  } catch (error) {\n    console.error('forecast is not available: ' + error.message);\n  }\n}\n\nmodule.exports = { forecast };\n",
			},
			earlier: []step{edit("words", "src/weather.js", "async function forecast", "// asks the weather service\nasync function forecast")},
			window:  []step{edit("do not wait", "src/http.js", "timeout: 8000", "timeout: 80")},
			log:     "2026-03-02T09:00:00.000Z ERROR forecast is not available: timeout of 80ms exceeded\n", marker: "forecast is not",
			cause: selfheal.Caused, culprit: 0, path: "src/http.js", line: "timeout: 80",
		},
		{
			name: "fresh go limit raised beside an error", ext: "go", files: []string{
				"clients/http.go", "package clients\n\nimport (\n\t\"net/http\"\n\t\"time\"\n)\n\n// Shared makes a client.\nfunc Shared() *http.Client {\n\treturn &http.Client{Timeout: 5 * time.Second}\n}\n",
				"news/read.go", "package news\n\nimport (\n\t\"fmt\"\n\n\t\"example.com/shop/clients\"\n)\n\n// Read reads the news.\nfunc Read(url string) error {\n\tanswer, err := clients.Shared().Get(url)\n\tif err != nil {\n\t\treturn fmt.Errorf(\"news were not read: %w\", err)\n\t}\n\treturn answer.Body.Close()\n}\n",
			},
			earlier: []step{edit("words", "news/read.go", "reads the news", "reads all news")},
			window:  []step{edit("patience", "clients/http.go", "5 * time.Second", "60 * time.Second")},
			log:     "2026-03-02T09:00:00Z ERROR news were not read: Get \"https://news.example.com\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)\n", marker: "news were not",
			cause: selfheal.Inconclusive,
		},
		{
			name: "fresh python field of a form", ext: "py", files: []string{
				"forms.py", "def fields():\n    return {'phone': 'text', 'street': 'text'}\n",
				"signup.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef sign_up(request, sms):\n    phone = request.form['phone']\n    if not sms.reaches(phone):\n        log.error('number of the customer cannot be reached by sms')\n",
			},
			earlier: []step{edit("words", "signup.py", "cannot be reached", "is not reached")},
			window:  []step{edit("no street", "forms.py", ", 'street': 'text'", "")},
			log:     "2026-03-02 09:00:00,000 ERROR signup number of the customer is not reached by sms\n", marker: "by sms",
			cause: selfheal.Inconclusive,
		},
		{
			name: "fresh javascript swapped but elsewhere", ext: "js", files: []string{
				"src/map.js", "function draw(points) {\n  return points.map((p) => line(p.x, p.y));\n}\n\nmodule.exports = { draw };\n",
				"src/login.js", "function login(user) {\n  if (!user.active) {\n    console.error('login refused, the user is not active');\n    return false;\n  }\n  return true;\n}\n\nmodule.exports = { login };\n",
			},
			earlier: []step{edit("true", "src/login.js", "return true;", "return Boolean(user);")},
			window:  []step{edit("axes", "src/map.js", "line(p.x, p.y)", "line(p.y, p.x)")},
			log:     "2026-03-02T09:00:00.000Z ERROR login refused, the user is not active\n", marker: "login refused",
			cause: selfheal.Inconclusive,
		},
	}
}
