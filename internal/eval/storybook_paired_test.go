package eval

// pairedStories were written and answered before the rules knew tiers.
func pairedStories() []story {
	return storiesOf("paired", append(append(pairedGo(), pairedPython()...), append(pairedScript(), pairedJava()...)...))
}

func pairedGo() []pair {
	return []pair{
		{
			name: "go rate that is not there", ext: "go", files: []string{
				"prices/prices.go", `package prices

// Rate turns euros into another currency.
type Rate struct{ Factor int }

// Convert gives a total in another currency.
func Convert(total int, currency string, rates map[string]*Rate) int {
	rate := rates[currency]
	return total * rate.Factor
}
`,
			},
			was:      []string{"prices/prices.go", "\treturn total * rate", "\tif rate == nil {\n\t\treturn total\n\t}\n\treturn total * rate"},
			innocent: edit("round", "prices/prices.go", "return total * rate.Factor", "return (total*rate.Factor + 50) / 100"),
			guilty:   edit("all currencies are known by now", "prices/prices.go", "\tif rate == nil {\n\t\treturn total\n\t}\n", ""),
			log:      "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a]\n\ngoroutine 22 [running]:\nexample.com/shop/prices.Convert(0x64, {0xc0001, 0x3}, 0xc0002)\n\t/src/prices/prices.go:{prices/prices.go|rate.Factor} +0x1d\nmain.handle({0x1, 0x2})\n\t/src/main.go:20 +0x1f\n", marker: "nil pointer",
			path: "prices/prices.go", line: "if rate == nil",
		},
		{
			name: "go profile that is not found", ext: "go", files: []string{
				"profile/profile.go", `package profile

import (
	"context"
	"fmt"
)

const query = "SELECT name, mail FROM profiles WHERE id = $1"

// Load reads a profile.
func Load(ctx context.Context, db DB, id string) (Profile, error) {
	var p Profile
	row := db.QueryRow(ctx, query, id)
	if err := row.Scan(&p.Name, &p.Mail); err != nil {
		return p, fmt.Errorf("load profile %s: %w", id, err)
	}
	return p, nil
}
`,
			},
			innocent: edit("count", "profile/profile.go", "\tvar p Profile\n", "\tvar p Profile\n\tloads.Add(1)\n"),
			guilty:   edit("the deleted ones are no longer shown", "profile/profile.go", "WHERE id = $1\"", "WHERE id = $1 AND state = 'active'\""),
			log:      "2026-03-02T09:00:00Z ERROR load profile 8113: sql: no rows in result set\n2026-03-02T09:00:01Z ERROR load profile 8171: sql: no rows in result set\n", marker: "no rows",
			path: "profile/profile.go", line: "const query",
		},
		{
			name: "go page beyond the end", ext: "go", files: []string{
				"list/list.go", `package list

const exportChunk = 20

// Page gives a part of the items.
func Page(items []string, from, size int) []string {
	end := from + size
	return items[from:end]
}

// Export writes all items.
func Export(items []string, write func([]string)) {
	for len(items) > exportChunk {
		write(items[:exportChunk])
		items = items[exportChunk:]
	}
	write(items)
}
`,
			},
			was:      []string{"list/list.go", "end := from + size", "end := min(from+size, len(items))"},
			innocent: edit("fewer writes", "list/list.go", "exportChunk = 20", "exportChunk = 30"),
			guilty:   edit("simpler", "list/list.go", "end := min(from+size, len(items))", "end := from + size"),
			log:      "panic: runtime error: slice bounds out of range [:30] with capacity 24\n\ngoroutine 7 [running]:\nexample.com/shop/list.Page({0xc0001, 0x18, 0x18}, 0x14, 0xa)\n\t/src/list/list.go:{list/list.go|return items[from} +0x1d\nmain.handle({0x1, 0x2})\n\t/src/main.go:20 +0x1f\n", marker: "slice bounds",
			path: "list/list.go", line: "end := from + size",
		},
		{
			name: "go name that is too long", ext: "go", files: []string{
				"people/limits.go", "package people\n\nconst (\n\tmaxName = 80\n\tmaxNote = 500\n)\n",
				"people/people.go", `package people

import "fmt"

// Rename gives a person another name.
func Rename(p *Person, name, note string) error {
	if len(name) > maxName {
		return fmt.Errorf("name of %s has more letters than permitted", p.ID)
	}
	if len(note) > maxNote {
		return fmt.Errorf("note of %s is cut", p.ID)
	}
	p.Name, p.Note = name, note
	return nil
}
`,
			},
			innocent: edit("short notes", "people/limits.go", "maxNote = 500", "maxNote = 200"),
			guilty:   edit("short names", "people/limits.go", "maxName = 80", "maxName = 8"),
			log:      "2026-03-02T09:00:00Z ERROR name of p-17 has more letters than permitted\n", marker: "more letters",
			path: "people/limits.go", line: "maxName = 8",
		},
		{
			name: "go quote in time", ext: "go", files: []string{
				"shipping/shipping.go", `package shipping

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

const quoteTime = 5 * time.Second

// Quote asks what a parcel costs.
func Quote(ctx context.Context, client *http.Client, url string) error {
	ctx, cancel := context.WithTimeout(ctx, quoteTime)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if _, err = client.Do(request); err != nil {
		return fmt.Errorf("quote for a parcel: %w", err)
	}
	return nil
}
`,
			},
			innocent: edit("say what is wanted", "shipping/shipping.go", "\tif _, err = client.Do", "\trequest.Header.Set(\"Accept\", \"application/json\")\n\tif _, err = client.Do"),
			guilty:   edit("do not wait so long", "shipping/shipping.go", "quoteTime = 5 * time.Second", "quoteTime = 50 * time.Millisecond"),
			log:      "2026-03-02T09:00:00Z ERROR quote for a parcel: Get \"https://quotes.example.com/parcel\": context deadline exceeded\n", marker: "deadline",
			path: "shipping/shipping.go", line: "quoteTime = 50",
		},
		{
			name: "go amount of another type", ext: "go", files: []string{
				"hooks/hooks.go", "package hooks\n\nimport (\n\t\"encoding/json\"\n\t\"fmt\"\n)\n\n// Payment is what the provider sends.\ntype Payment struct {\n\tID     string `json:\"id\"`\n\tAmount int    `json:\"amount\"`\n}\n\n// Decode reads a payment.\nfunc Decode(body []byte) (p Payment, err error) {\n\tif err := json.Unmarshal(body, &p); err != nil {\n\t\treturn p, fmt.Errorf(\"payment cannot be read: %w\", err)\n\t}\n\treturn p, nil\n}\n",
			},
			was:      []string{"hooks/hooks.go", "Amount int    `json", "Amount string `json"},
			innocent: edit("notes", "hooks/hooks.go", "\tAmount int    `json:\"amount\"`\n", "\tAmount int    `json:\"amount\"`\n\tNote   string `json:\"note\"`\n"),
			guilty:   edit("amounts are numbers", "hooks/hooks.go", "Amount string `json", "Amount int    `json"),
			log:      "2026-03-02T09:00:00Z ERROR payment cannot be read: json: cannot unmarshal string into Go struct field Payment.amount of type int\n", marker: "cannot unmarshal",
			path: "hooks/hooks.go", line: "Amount int",
		},
	}
}

func pairedPython() []pair {
	return []pair{
		{
			name: "python region of an order", ext: "py", files: []string{
				"orders.py", "def to_dict(order):\n    return {\n        'id': order.id,\n        'region': order.region,\n        'weight': order.weight,\n    }\n",
				"export.py", "def columns():\n    return ['id', 'weight']\n",
				"shipping.py", "from orders import to_dict\n\nZONES = {'north': 1, 'south': 2}\n\n\ndef zone(order):\n    data = to_dict(order) if order.stored else order.payload\n    return ZONES[data['region']]\n",
			},
			innocent: edit("regions in the export", "export.py", "['id', 'weight']", "['id', 'region', 'weight']"),
			guilty:   edit("nobody reads it", "orders.py", "        'region': order.region,\n", ""),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/views.py\", line 12, in ship\n    return zone(order)\n  File \"/app/shipping.py\", line {shipping.py|data['region']}, in zone\n    return ZONES[data['region']]\nKeyError: 'region'\n", marker: "KeyError",
			path: "orders.py", line: "'id': order.id",
		},
		{
			name: "python invoice without a date", ext: "py", files: []string{
				"invoices.py", "class Invoice:\n    def __init__(self, number, due_at=None):\n        self.number = number\n        self.due_at = due_at\n\n    def due(self):\n        return self.due_at.strftime('%d.%m.%Y')\n",
				"billing.py", "from datetime import date, timedelta\n\nfrom invoices import Invoice\n\nTERM = timedelta(days=14)\n\n\ndef bill(number):\n    return Invoice(number, due_at=date.today() + TERM)\n",
			},
			innocent: edit("dates as machines like them", "invoices.py", "'%d.%m.%Y'", "'%Y-%m-%d'"),
			guilty:   edit("the term is agreed later", "billing.py", "Invoice(number, due_at=date.today() + TERM)", "Invoice(number)"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/letters.py\", line 31, in letter\n    return head + invoice.due()\n  File \"/app/invoices.py\", line {invoices.py|strftime}, in due\nAttributeError: 'NoneType' object has no attribute 'strftime'\n", marker: "NoneType",
			path: "billing.py", line: "return Invoice(number",
		},
		{
			name: "python quantity that is refused", ext: "py", files: []string{
				"cart.py", "def put(cart, article, quantity):\n    if quantity < 1:\n        raise ValueError('article %s needs a larger quantity' % article)\n    cart[article] = quantity\n    return cart\n",
			},
			innocent: edit("a bound above as well", "cart.py", "    cart[article] = quantity\n", "    if quantity > 99:\n        raise ValueError('article %s is sold in small numbers' % article)\n    cart[article] = quantity\n"),
			guilty:   edit("off by one", "cart.py", "quantity < 1", "quantity <= 1"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/views.py\", line 12, in post\n    put(cart, request.form['article'], int(request.form['quantity']))\n  File \"/app/cart.py\", line {cart.py|larger quantity}, in put\n    raise ValueError('article %s needs a larger quantity' % article)\nValueError: article A-7 needs a larger quantity\n", marker: "larger quantity",
			path: "cart.py", line: "quantity <= 1",
		},
		{
			name: "python code of a courier", ext: "py", files: []string{
				"couriers/north.py", "SERVICES = {'standard': 'STD', 'express': 'EXPRO'}\n\n\ndef order(client, parcel):\n    answer = client.post('/parcels', {'service': SERVICES[parcel.service], 'weight': parcel.weight})\n    if not answer.ok:\n        raise RuntimeError('courier refused the parcel: %s' % answer.text)\n    return answer.number\n",
				"couriers/south.py", "LEVELS = {'standard': 'SLOW', 'express': 'FAST'}\n\n\ndef level(parcel):\n    return LEVELS[parcel.service]\n",
			},
			was:      []string{"couriers/north.py", "'EXPRO'", "'EXPRESS'"},
			innocent: edit("their new name", "couriers/south.py", "'FAST'", "'EXPRO'"),
			guilty:   edit("short codes", "couriers/north.py", "'EXPRESS'", "'EXPRO'"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/ship.py\", line 12, in ship\n    return north.order(client, parcel)\n  File \"/app/couriers/north.py\", line {couriers/north.py|raise RuntimeError}, in order\n    raise RuntimeError('courier refused the parcel: %s' % answer.text)\nRuntimeError: courier refused the parcel: service EXPRO is not offered\n", marker: "courier refused",
			path: "couriers/north.py", line: "'EXPRO'",
		},
		{
			name: "python number that is no text", ext: "py", files: []string{
				"labels.py", "def label(prefix, number):\n    return prefix + number\n\n\ndef heading(title, width):\n    return title.center(width)\n",
				"print_labels.py", "from labels import label\n\n\ndef all_labels(rows):\n    return [label(row.prefix, row.number) for row in rows]\n",
			},
			was:      []string{"print_labels.py", "row.number)", "str(row.number))"},
			innocent: edit("a default", "labels.py", "def heading(title, width):", "def heading(title, width=40):"),
			guilty:   edit("it is a text already", "print_labels.py", "str(row.number))", "row.number)"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/print_labels.py\", line {print_labels.py|for row in rows}, in all_labels\n    return [label(row.prefix, row.number) for row in rows]\n  File \"/app/labels.py\", line {labels.py|prefix + number}, in label\n    return prefix + number\nTypeError: can only concatenate str (not \"int\") to str\n", marker: "can only concatenate",
			path: "print_labels.py", line: "row.number)",
		},
		{
			name: "python job that fails", ext: "py", files: []string{
				"schedule.yaml", "jobs:\n  - name: import-balances\n    hour: 3\n  - name: send-letters\n    hour: 5\n",
				"jobs.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef run(job):\n    try:\n        job.work()\n    except Exception as e:\n        log.error('job %s gave up: %s', job.name, e)\n",
				"balances.py", "def work(rows):\n    total = 0.0\n    for row in rows:\n        total += float(row['balance'])\n    return total\n",
			},
			was:      []string{"balances.py", "float(row['balance'])", "float(row['balance'] or 0)"},
			innocent: edit("later", "schedule.yaml", "name: import-balances\n    hour: 3", "name: import-balances\n    hour: 4"),
			guilty:   edit("every row has one", "balances.py", "float(row['balance'] or 0)", "float(row['balance'])"),
			log:      "2026-03-02 09:00:00,000 ERROR job import-balances gave up: could not convert string to float: ''\n", marker: "gave up",
			path: "balances.py", line: "float(row",
		},
	}
}

func pairedScript() []pair {
	return []pair{
		{
			name: "typescript address of an order", ext: "js", files: []string{
				"src/api.ts", "export function fromRow(row: Row) {\n  return {\n    number: row.number,\n    address: row.address,\n  };\n}\n",
				"src/label.ts", "import { fromRow } from './api';\n\nexport function label(row: Row) {\n  const order = fromRow(row);\n  return order.address.city;\n}\n",
			},
			innocent: edit("without blanks", "src/label.ts", "order.address.city;", "order.address.city.trim();"),
			guilty:   edit("there will be two", "src/api.ts", "    address: row.address,", "    shipTo: row.address,"),
			log:      "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'city')\n    at label (/app/src/label.ts:{src/label.ts|address.city}:24)\n    at handle (/app/src/server.ts:9:5)\n", marker: "Cannot read",
			path: "src/api.ts", line: "shipTo: row.address",
		},
		{
			name: "typescript basket that is too old", ext: "js", files: []string{
				"src/times.ts", "export const SESSION_DAYS = 30;\nexport const BASKET_DAYS = 14;\n",
				"src/basket.ts", "import { BASKET_DAYS, SESSION_DAYS } from './times';\n\nconst DAY = 86400000;\n\nexport function open(basket: Basket, session: Session) {\n  if (Date.now() - basket.touched > BASKET_DAYS * DAY) {\n    throw new Error('basket ' + basket.id + ' is no longer kept');\n  }\n  session.until = Date.now() + SESSION_DAYS * DAY;\n  return basket.lines;\n}\n",
			},
			innocent: edit("short sessions", "src/times.ts", "SESSION_DAYS = 30", "SESSION_DAYS = 10"),
			guilty:   edit("small tables", "src/times.ts", "BASKET_DAYS = 14", "BASKET_DAYS = 1"),
			log:      "2026-03-02T09:00:00.000Z ERROR Error: basket b-81 is no longer kept\n    at open (/app/src/basket.ts:{src/basket.ts|throw new}:11)\n    at handle (/app/src/server.ts:9:5)\n", marker: "no longer kept",
			path: "src/times.ts", line: "BASKET_DAYS = 1",
		},
		{
			name: "javascript address that is not valid", ext: "js", files: []string{
				"src/mail.js", "const FORM = /^\\S+@\\S+$/;\n\nfunction check(mail) {\n  if (!FORM.test(mail)) {\n    throw new Error('mail address is not valid: ' + mail);\n  }\n  return mail.toLowerCase();\n}\n\nmodule.exports = { check };\n",
				"src/signup.js", "const { check } = require('./mail');\n\nasync function signup(req, res) {\n  try {\n    const mail = check(req.body.mail);\n    res.json(await create(mail));\n  } catch (e) {\n    console.error(e);\n    res.status(400).end();\n  }\n}\n\nmodule.exports = { signup };\n",
			},
			innocent: edit("the right status", "src/signup.js", "res.status(400)", "res.status(422)"),
			guilty:   edit("as the standard says", "src/mail.js", "/^\\S+@\\S+$/", "/^[a-z]+@[a-z]+\\.[a-z]+$/"),
			log:      "2026-03-02T09:00:00.000Z Error: mail address is not valid: Kim.Lee@example.com\n    at check (/app/src/mail.js:{src/mail.js|throw new}:11)\n    at signup (/app/src/signup.js:{src/signup.js|check(req}:18)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "not valid",
			path: "src/mail.js", line: "const FORM",
		},
		{
			name: "typescript formatter of another name", ext: "js", files: []string{
				"src/formatters.ts", "export const money = {\n  format(cents: number) {\n    return (cents / 100).toFixed(2);\n  },\n};\n",
				"src/dates.ts", "export class Dates {\n  format(day: Date) {\n    return day.toISOString();\n  }\n}\n",
				"src/table.ts", "import { money } from './formatters';\n\nexport function cell(value: number, plugin?: any) {\n  const formatter = plugin ?? money;\n  return formatter.format(value);\n}\n",
			},
			innocent: edit("it is a standard", "src/dates.ts", "  format(day: Date) {", "  iso(day: Date) {"),
			guilty:   edit("clearer", "src/formatters.ts", "  format(cents: number) {", "  inEuros(cents: number) {"),
			log:      "2026-03-02T09:00:00.000Z ERROR TypeError: formatter.format is not a function\n    at cell (/app/src/table.ts:{src/table.ts|formatter.format}:20)\n    at row (/app/src/report.ts:9:5)\n", marker: "not a function",
			path: "src/formatters.ts", line: "inEuros",
		},
		{
			name: "javascript price that is not found", ext: "js", files: []string{
				"src/prices.js", "const axios = require('axios');\n\nconst known = new Map();\n\nasync function price(article) {\n  const answer = await axios.get('https://prices.internal/v1/prices/' + article);\n  return answer.data.cents;\n}\n\nmodule.exports = { price, known };\n",
			},
			innocent: edit("remember", "src/prices.js", "  return answer.data.cents;\n", "  known.set(article, answer.data.cents);\n  return answer.data.cents;\n"),
			guilty:   edit("without the version", "src/prices.js", "/v1/prices/'", "/prices/'"),
			log:      "2026-03-02T09:00:00.000Z ERROR AxiosError: Request failed with status code 404\n    at settle (/app/node_modules/axios/lib/core/settle.js:19:12)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n    at price (/app/src/prices.js:{src/prices.js|axios.get}:18)\n    at handle (/app/src/server.js:9:5)\n", marker: "status code 404",
			path: "src/prices.js", line: "/prices/",
		},
	}
}

func pairedJava() []pair {
	const java = "src/main/java/shop/"
	return []pair{
		{
			name: "java customer that is not there", ext: "java", files: []string{
				java + "Mailer.java", "package shop;\n\npublic class Mailer {\n    public void thank(Customer customer) {\n        String to = customer.email();\n        send(to, \"Thank you\");\n    }\n}\n",
				java + "Orders.java", "package shop;\n\npublic class Orders {\n    public void close(long id) {\n        Customer customer = customers.findById(id).orElse(null);\n        mailer.thank(customer);\n    }\n}\n",
			},
			was:      []string{java + "Orders.java", ".orElse(null)", ".orElseThrow()"},
			innocent: edit("warmer words", java+"Mailer.java", "send(to, \"Thank you\")", "send(to, \"Thank you so much\")"),
			guilty:   edit("no exceptions here", java+"Orders.java", ".orElseThrow()", ".orElse(null)"),
			log:      "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"shop.Customer.email()\" because \"customer\" is null\n\tat shop.Mailer.thank(Mailer.java:{src/main/java/shop/Mailer.java|customer.email})\n\tat shop.Orders.close(Orders.java:{src/main/java/shop/Orders.java|mailer.thank})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointer",
			path: java + "Orders.java", line: "findById",
		},
		{
			name: "java state of an order", ext: "java", files: []string{
				java + "State.java", "package shop;\n\npublic enum State {\n    OPEN,\n    SHIPPED;\n}\n",
				java + "Cancelling.java", "package shop;\n\npublic class Cancelling {\n    public void cancel(Order order) {\n        if (order.state() != State.OPEN) {\n            throw new IllegalStateException(\"order \" + order.id() + \" cannot be taken back, it is \" + order.state());\n        }\n        order.close();\n    }\n}\n",
			},
			was:      []string{java + "Cancelling.java", "order.state() != State.OPEN", "order.state() != State.OPEN && order.state() != State.SHIPPED"},
			innocent: edit("what comes back", java+"State.java", "SHIPPED;", "SHIPPED,\n    RETURNED;"),
			guilty:   edit("only open ones", java+"Cancelling.java", "order.state() != State.OPEN && order.state() != State.SHIPPED", "order.state() != State.OPEN"),
			log:      "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalStateException: order 4711 cannot be taken back, it is SHIPPED\n\tat shop.Cancelling.cancel(Cancelling.java:{src/main/java/shop/Cancelling.java|throw new})\n\tat shop.Server.handle(Server.java:40)\n", marker: "taken back",
			path: java + "Cancelling.java", line: "State.OPEN",
		},
		{
			name: "java number that is taken", ext: "java", files: []string{
				"src/main/resources/db/migration/V7__invoices.sql", "CREATE TABLE invoices (number bigint CONSTRAINT one_number UNIQUE, customer bigint);\n",
				java + "Invoices.java", "package shop;\n\npublic class Invoices {\n    public Invoice create(long customer) {\n        long number = store.count() + 1;\n        Invoice invoice = new Invoice(number, customer);\n        return store.insert(invoice);\n    }\n}\n",
			},
			was:      []string{java + "Invoices.java", "store.count() + 1", "sequence.next()"},
			innocent: edit("find them faster", "src/main/resources/db/migration/V8__invoices.sql", "", "CREATE INDEX invoices_of_customer ON invoices (customer, number);\n"),
			guilty:   edit("no sequence", java+"Invoices.java", "sequence.next()", "store.count() + 1"),
			log:      "2026-03-02 09:00:00 ERROR request failed\norg.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint \"one_number\"\n\tat org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2725)\n\tat shop.Invoices.create(Invoices.java:{src/main/java/shop/Invoices.java|store.insert})\n\tat shop.Server.handle(Server.java:40)\n", marker: "duplicate key",
			path: java + "Invoices.java", line: "store.count()",
		},
		{
			name: "java price with a comma", ext: "java", files: []string{
				java + "PriceFile.java", "package shop;\n\npublic class PriceFile {\n    public int read(String text) {\n        String digits = text.trim();\n        return Integer.parseInt(digits);\n    }\n\n    public String write(int cents) {\n        return cents / 100 + \".\" + cents % 100;\n    }\n}\n",
			},
			was:      []string{java + "PriceFile.java", "text.trim();", "text.trim().replace(\",\", \"\");"},
			innocent: edit("as people write it", java+"PriceFile.java", "cents / 100 + \".\" +", "cents / 100 + \",\" +"),
			guilty:   edit("no commas in there", java+"PriceFile.java", "text.trim().replace(\",\", \"\");", "text.trim();"),
			log:      "2026-03-02 09:00:00 ERROR import failed\njava.lang.NumberFormatException: For input string: \"12,50\"\n\tat java.base/java.lang.NumberFormatException.forInputString(NumberFormatException.java:67)\n\tat java.base/java.lang.Integer.parseInt(Integer.java:652)\n\tat shop.PriceFile.read(PriceFile.java:{src/main/java/shop/PriceFile.java|Integer.parseInt})\n\tat shop.Import.run(Import.java:40)\n", marker: "NumberFormat",
			path: java + "PriceFile.java", line: "String digits",
		},
		{
			name: "java row with too few columns", ext: "java", files: []string{
				java + "OrderRows.java", "package shop;\n\npublic class OrderRows {\n    private static final String[] HEADER = {\"number\", \"customer\", \"total\"};\n\n    public Map<String, String> read(List<String> columns) {\n        Map<String, String> row = new HashMap<>();\n        for (int i = 0; i < HEADER.length; i++) {\n            row.put(HEADER[i], columns.get(i));\n        }\n        return row;\n    }\n}\n",
				java + "StockRows.java", "package shop;\n\npublic class StockRows {\n    private static final String[] HEADER = {\"article\", \"stock\"};\n\n    public int width() {\n        return HEADER.length;\n    }\n}\n",
			},
			was:      []string{java + "OrderRows.java", ", \"total\"}", "}"},
			innocent: edit("where it lies", java+"StockRows.java", "\"stock\"}", "\"stock\", \"shelf\"}"),
			guilty:   edit("totals", java+"OrderRows.java", "\"customer\"}", "\"customer\", \"total\"}"),
			log:      "2026-03-02 09:00:00 ERROR import failed\njava.lang.IndexOutOfBoundsException: Index 2 out of bounds for length 2\n\tat java.base/java.util.ArrayList.get(ArrayList.java:427)\n\tat shop.OrderRows.read(OrderRows.java:{src/main/java/shop/OrderRows.java|columns.get})\n\tat shop.Import.run(Import.java:40)\n", marker: "IndexOutOf",
			path: java + "OrderRows.java", line: "HEADER = {",
		},
	}
}
