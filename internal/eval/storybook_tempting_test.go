package eval

import "selfheal"

// temptingStories are mostly innocent: a change as it is made every day, beside an
// error that it has nothing to do with but many words in common. They were answered
// before they were run, and written for no rule in particular.
func temptingStories() []story {
	return append(append(temptingElsewhere(), temptingNearby()...), temptingGuilty()...)
}

// temptingElsewhere are changes of something that only has the same name.
func temptingElsewhere() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "tempting go key of an export", ext: "go", files: []string{
				"export/csv.go", "package export\n\n// Row gives the columns of an order by name.\nfunc Row(o Order) map[string]string {\n\treturn map[string]string{\n\t\t\"customer_id\": o.Customer,\n\t\t\"order_total\": o.Total,\n\t}\n}\n",
				"hooks/receive.go", "package hooks\n\nimport (\n\t\"encoding/json\"\n\t\"errors\"\n\t\"io\"\n\t\"net/http\"\n)\n\n// Receive takes what the payment provider tells.\nfunc Receive(r *http.Request) error {\n\tvar body map[string]any\n\ttext, err := io.ReadAll(r.Body)\n\tif err != nil {\n\t\treturn err\n\t}\n\tif err := json.Unmarshal(text, &body); err != nil {\n\t\treturn err\n\t}\n\tid, _ := body[\"customer_id\"].(string)\n\tif id == \"\" {\n\t\treturn errors.New(\"provider reports a payment of nobody\")\n\t}\n\treturn settle(id)\n}\n",
			},
			window: []step{edit("columns as the bookkeeper wants them", "export/csv.go", "\"customer_id\": o.Customer", "\"debtor\": o.Customer")},
			log:    "2026-03-02T09:00:00Z ERROR provider reports a payment of nobody\n", marker: "payment of nobody", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting typescript timeout of another client", ext: "js", files: []string{
				"src/clients.ts", "import { Client } from './http';\n\nexport function clients() {\n  const reports = new Client({ host: 'reports', timeoutMs: 5000 });\n  const mail = new Client({ host: 'mail', timeoutMs: 10000 });\n  return { reports, mail };\n}\n",
				"src/http.ts", "export class Client {\n  constructor(private options: { host: string; timeoutMs: number }) {}\n\n  async post(path: string, body: string) {\n    const answer = await this.race(path, body);\n    if (!answer) {\n      throw new Error(`${this.options.host} timed out after ${this.options.timeoutMs} ms`);\n    }\n    return answer;\n  }\n}\n",
			},
			window: []step{edit("reports are quick now", "src/clients.ts", "timeoutMs: 5000", "timeoutMs: 2000")},
			log:    "2026-03-02T09:00:00.000Z ERROR Error: mail timed out after 10000 ms\n    at Client.post (/app/src/http.ts:{src/http.ts|throw new}:13)\n    at notify (/app/src/notify.ts:9:5)\n", marker: "timed out", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting java constant of the same name", ext: "java", files: []string{
				java + "ReportLimits.java", "package shop;\n\npublic final class ReportLimits {\n    static final int MAX_ROWS = 5000;\n}\n",
				java + "Report.java", "package shop;\n\npublic class Report {\n    public int rows(int wanted) {\n        return Math.min(wanted, ReportLimits.MAX_ROWS);\n    }\n}\n",
				java + "CustomerImport.java", "package shop;\n\npublic class CustomerImport {\n    private static final int MAX_ROWS = 1000;\n\n    public void run(java.util.List<String> rows) {\n        if (rows.size() > MAX_ROWS) {\n            throw new IllegalArgumentException(\"file has \" + rows.size() + \" rows, more than 1000\");\n        }\n    }\n}\n",
			},
			window: []step{edit("shorter reports", java+"ReportLimits.java", "MAX_ROWS = 5000", "MAX_ROWS = 2000")},
			log:    "2026-03-02 09:00:00 ERROR import failed\njava.lang.IllegalArgumentException: file has 1822 rows, more than 1000\n\tat shop.CustomerImport.run(CustomerImport.java:{src/main/java/shop/CustomerImport.java|throw new})\n\tat shop.Jobs.nightly(Jobs.java:40)\n", marker: "more than 1000", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting csharp constraint on another table", ext: "cs", files: []string{
				"migrations/0009_suppliers.sql", "CREATE TABLE suppliers (id bigint, phone text);\n",
				"src/Customers.cs", "namespace Shop;\n\npublic class Customers\n{\n    public void Add(Customer customer)\n    {\n        db.Execute(\"INSERT INTO customers (name, phone) VALUES (@name, @phone)\", customer);\n    }\n}\n",
			},
			window: []step{edit("suppliers must be reachable", "migrations/0010_suppliers.sql", "", "ALTER TABLE suppliers ALTER COLUMN phone SET NOT NULL;\n")},
			log:    "2026-03-02 09:00:00 ERROR Npgsql.PostgresException (0x80004005): 23502: null value in column \"phone\" of relation \"customers\" violates not-null constraint\n   at Shop.Customers.Add(Customer customer) in /src/src/Customers.cs:line {src/Customers.cs|INSERT INTO}\n", marker: "null value in column", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting ruby method of another class", ext: "rb", files: []string{
				"app/models/supplier.rb", "class Supplier\n  def full_name\n    \"#{name} (#{country})\"\n  end\n\n  def label\n    name.upcase\n  end\nend\n",
				"app/mailers/receipt_mailer.rb", "class ReceiptMailer\n  def receipt(order)\n    customer = Customer.find_by(id: order.customer_id)\n    mail(to: customer.email, subject: \"Receipt for #{customer.full_name}\")\n  end\nend\n",
				"app/models/customer.rb", "class Customer\n  attr_reader :email\n\n  def initialize(first, last, email)\n    @first = first\n    @last = last\n    @email = email\n  end\n\n  define_method(:full_name) { [@first, @last].join(' ') }\nend\n",
			},
			window: []step{edit("nobody uses it", "app/models/supplier.rb", "  def full_name\n    \"#{name} (#{country})\"\n  end\n\n", "")},
			log:    "2026-03-02 09:00:00 ERROR NoMethodError: undefined method `email' for nil:NilClass\napp/mailers/receipt_mailer.rb:{app/mailers/receipt_mailer.rb|mail(to}:in `receipt'\napp/jobs/receipts.rb:12:in `perform'\n", marker: "undefined method", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting php arguments of another class", ext: "php", files: []string{
				"src/Cart.php", "<?php\nnamespace Shop;\n\nclass Cart\n{\n    public function add(string $article, int $quantity): void\n    {\n        if ($quantity < 1) {\n            throw new \\InvalidArgumentException('quantity must be positive');\n        }\n        $this->lines[$article] = $quantity;\n    }\n}\n",
				"src/Closing.php", "<?php\nnamespace Shop;\n\nclass Closing\n{\n    public function close(Ledger $ledger, Day $day): void\n    {\n        $ledger->add($day->account, $day->total);\n    }\n}\n",
				"src/CartController.php", "<?php\nnamespace Shop;\n\nclass CartController\n{\n    public function post(Request $request, Cart $cart): void\n    {\n        $cart->add($request->get('article'), (int) $request->get('quantity'));\n    }\n}\n",
			},
			window: []step{edit("the ledger wants the total first", "src/Closing.php", "$day->account, $day->total", "$day->total, $day->account")},
			log:    "2026-03-02 09:00:00 ERROR Uncaught InvalidArgumentException: quantity must be positive in /app/src/Cart.php:{src/Cart.php|throw new}\nStack trace:\n#0 /app/src/CartController.php({src/CartController.php|$cart->add}): Shop\\Cart->add('A-1', 0)\n#1 /app/public/index.php(12): Shop\\CartController->post()\n#2 {main}\n", marker: "quantity must", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting rust limit of another kind of file", ext: "rs", files: []string{
				"src/limits.rs", "pub const MAX_AVATAR: u64 = 5_242_880;\npub const MAX_DOCUMENT: u64 = 20_971_520;\n",
				"src/upload.rs", "use crate::limits::{MAX_AVATAR, MAX_DOCUMENT};\n\npub fn check(kind: &str, size: u64) -> Result<(), String> {\n    if kind == \"avatar\" && size > MAX_AVATAR {\n        return Err(format!(\"picture of {} bytes is too large\", size));\n    }\n    if kind == \"document\" && size > MAX_DOCUMENT {\n        return Err(format!(\"document of {} bytes is too large\", size));\n    }\n    Ok(())\n}\n",
			},
			window: []step{edit("small pictures", "src/limits.rs", "5_242_880", "1_048_576")},
			log:    "2026-03-02T09:00:00Z ERROR upload: document of 31457280 bytes is too large\n", marker: "too large", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go interface of another user", ext: "go", files: []string{
				"store/store.go", "package store\n\n// Store keeps orders.\ntype Store struct{ rows map[string]int }\n\n// Get looks one up.\nfunc (s *Store) Get(id string) int { return s.rows[id] }\n\n// Getter looks things up.\ntype Getter interface{ Get(id string) int }\n",
				"report/report.go", "package report\n\nimport \"example.com/shop/store\"\n\n// Report sums orders.\ntype Report struct {\n\torders *store.Store\n}\n\n// Sum adds up.\nfunc (r Report) Sum(ids []string) (n int) {\n\tfor _, id := range ids {\n\t\tn += r.orders.Get(id)\n\t}\n\treturn n\n}\n",
				"checkout/checkout.go", "package checkout\n\nimport \"example.com/shop/store\"\n\n// Handler sells.\ntype Handler struct{ stock *store.Store }\n\n// Sell takes an order.\nfunc (h *Handler) Sell(id string) bool {\n\treturn h.stock.Get(id) > 0\n}\n",
			},
			window: []step{edit("reports can be tested", "report/report.go", "orders *store.Store", "orders store.Getter")},
			log:    "panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4a]\n\ngoroutine 22 [running]:\nexample.com/shop/store.(*Store).Get(0x0, {0xc0001, 0x4})\n\t/src/store/store.go:{store/store.go|return s.rows} +0x1d\nexample.com/shop/checkout.(*Handler).Sell(0xc0002, {0xc0001, 0x4})\n\t/src/checkout/checkout.go:{checkout/checkout.go|h.stock.Get} +0x2a\n", marker: "nil pointer", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting typescript field of a partner", ext: "js", files: []string{
				"src/catalog.ts", "export function item(row: Row) {\n  return { title: row.title, unitPrice: row.price, stock: row.stock };\n}\n",
				"src/page.ts", "import { item } from './catalog';\n\nexport function page(rows: Row[]) {\n  return rows.map(item).map((i) => i.title);\n}\n",
				"src/competitor.ts", "import axios from 'axios';\n\nexport async function cheapest(article: string) {\n  const answer = await axios.get('https://compare.example.com/' + article);\n  const offer = answer.data.offers[0];\n  return offer.unitPrice;\n}\n",
			},
			window: []step{edit("prices are gross", "src/catalog.ts", "unitPrice: row.price", "grossPrice: row.price")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'unitPrice')\n    at cheapest (/app/src/competitor.ts:{src/competitor.ts|offer.unitPrice}:16)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "Cannot read", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python setting documented", ext: "py", files: []string{
				".env.example", "DATABASE_URL=\n",
				"partner.py", "import os\n\nimport requests\n\n\ndef stock(article):\n    answer = requests.get('https://partner.example.com/' + article, headers={'Token': os.environ['PARTNER_TOKEN']})\n    if answer.status_code != 200:\n        raise RuntimeError('partner did not accept PARTNER_TOKEN for %s' % article)\n    return answer.json()\n",
			},
			window: []step{edit("say what has to be set", ".env.example", "DATABASE_URL=\n", "DATABASE_URL=\n# of the contract with the partner\nPARTNER_TOKEN=\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/partner.py\", line {partner.py|raise RuntimeError}, in stock\n    raise RuntimeError('partner did not accept PARTNER_TOKEN for %s' % article)\nRuntimeError: partner did not accept PARTNER_TOKEN for A-1\n", marker: "did not accept", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go column of another table", ext: "go", files: []string{
				"migrations/012_shipping.sql", "CREATE TABLE shipments (id bigint, weight int);\n",
				"parcels/parcels.go", "package parcels\n\n// Weigh notes what a parcel weighs.\nfunc Weigh(db DB, id string, weight int) error {\n\t_, err := db.Exec(\"UPDATE parcels SET weight = $2 WHERE id = $1\", id, weight)\n\treturn err\n}\n",
			},
			window: []step{edit("in grams", "migrations/013_shipping.sql", "", "ALTER TABLE shipments RENAME COLUMN weight TO grams;\n")},
			log:    "2026-03-02T09:00:00Z ERROR weigh: pq: integer out of range for column weight of parcels\n", marker: "out of range", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python price list and its key", ext: "py", files: []string{
				"tariffs.yaml", "parcel:\n  base_price: 4\nletter:\n  base_price: 1\n",
				"legacy.py", "import json\n\n\ndef old_price(path):\n    with open(path) as file:\n        data = json.load(file)\n    return data['base_price'] * 100\n",
			},
			window: []step{edit("letters are free now", "tariffs.yaml", "letter:\n  base_price: 1\n", "")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/legacy.py\", line {legacy.py|data['base}, in old_price\n    return data['base_price'] * 100\nKeyError: 'base_price'\n", marker: "KeyError", cause: selfheal.Inconclusive,
		},
	}
}

// temptingNearby are changes right where the error shows, which do not bring it about.
func temptingNearby() []story {
	const java = "src/main/java/shop/"
	ship := "    public String label(Customer customer) {\n        String street = customer.address().street();\n        return customer.name() + \", \" + street;\n    }\n"
	return []story{
		{
			name: "tempting java method moved unchanged", ext: "java", files: []string{
				java + "Orders.java", "package shop;\n\npublic class Orders {\n    public int count() {\n        return 1;\n    }\n\n" + ship + "}\n",
				java + "Shipping.java", "package shop;\n\npublic class Shipping {\n    private final Orders labels = new Orders();\n\n    public void ship(Customer customer) {\n        print(labels.label(customer));\n    }\n}\n",
			},
			window: []step{edit("labels are no orders",
				java+"Orders.java", "\n"+ship, "", java+"Labels.java", "", "package shop;\n\npublic class Labels {\n"+ship+"}\n",
				java+"Shipping.java", "private final Orders labels = new Orders()", "private final Labels labels = new Labels()")},
			log: "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"shop.Address.street()\" because the return value of \"shop.Customer.address()\" is null\n\tat shop.Labels.label(Labels.java:{src/main/java/shop/Labels.java|address().street})\n\tat shop.Shipping.ship(Shipping.java:{src/main/java/shop/Shipping.java|print(})\n", marker: "NullPointerException", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python other function of the file", ext: "py", files: []string{
				"payments.py", "def charge(client, order):\n    answer = client.post('/charges', order.total)\n    return answer['currency'], answer['amount']\n\n\ndef refund(client, order):\n    answer = client.post('/refunds', order.total)\n    return answer['currency'], answer['amount']\n",
			},
			window: []step{edit("refunds may be partial", "payments.py", "def refund(client, order):\n    answer = client.post('/refunds', order.total)\n", "def refund(client, order, part=None):\n    amount = part or order.total\n    answer = client.post('/refunds', amount)\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/payments.py\", line {payments.py|return answer['currency']}, in charge\n    return answer['currency'], answer['amount']\nKeyError: 'currency'\n", marker: "KeyError", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting ruby reworded line near the frame", ext: "rb", files: []string{
				"app/services/importer.rb", "class Importer\n  def run(rows)\n    rows.each do |row|\n      logger.info(\"reading #{row}\")\n      date = Date.parse(row.fetch(:date))\n      save(row, date)\n    end\n  end\nend\n",
			},
			window: []step{edit("clearer words", "app/services/importer.rb", "reading #{row}", "importing row #{row}")},
			log:    "2026-03-02 09:00:00 ERROR Date::Error: invalid date\napp/services/importer.rb:{app/services/importer.rb|Date.parse}:in `parse'\napp/services/importer.rb:{app/services/importer.rb|Date.parse}:in `block in run'\napp/services/importer.rb:{app/services/importer.rb|rows.each}:in `run'\n", marker: "invalid date", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting csharp bump beside an outage", ext: "cs", files: []string{
				"Shop.csproj", "<Project Sdk=\"Microsoft.NET.Sdk\">\n  <ItemGroup>\n    <PackageReference Include=\"Npgsql\" Version=\"8.0.2\" />\n    <PackageReference Include=\"Serilog\" Version=\"3.1.1\" />\n  </ItemGroup>\n</Project>\n",
				"src/Orders.cs", "namespace Shop;\n\npublic class Orders\n{\n    public int Count()\n    {\n        return db.Query(\"SELECT count(*) FROM orders\");\n    }\n}\n",
			},
			window: []step{edit("bump", "Shop.csproj", "Version=\"8.0.2\"", "Version=\"8.0.3\"")},
			log:    "2026-03-02 09:00:00 ERROR Npgsql.NpgsqlException (0x80004005): Failed to connect to 10.0.0.9:5432\n ---> System.Net.Sockets.SocketException (111): Connection refused\n   at Npgsql.Internal.NpgsqlConnector.Connect(NpgsqlTimeout timeout)\n   at Shop.Orders.Count() in /src/src/Orders.cs:line {src/Orders.cs|SELECT}\n", marker: "Failed to connect", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting php one style for all files", ext: "php", files: []string{
				"src/Invoice.php", "<?php\nnamespace Shop;\n\nclass Invoice\n{\n    public function number(array $order) {\n        $parts = explode('-', $order['reference']);\n        return $parts[1];\n    }\n}\n",
				"src/Letter.php", "<?php\nnamespace Shop;\n\nclass Letter\n{\n    public function text(array $order) {\n        return 'Dear ' . $order['name'];\n    }\n}\n",
			},
			window: []step{edit("code style", "src/Invoice.php", "<?php\nnamespace Shop;\n\nclass Invoice\n{\n    public function number(array $order) {\n", "<?php\n\ndeclare(strict_types=1);\n\nnamespace Shop;\n\nclass Invoice\n{\n    public function number(array $order): string\n    {\n",
				"src/Letter.php", "<?php\nnamespace Shop;\n\nclass Letter\n{\n    public function text(array $order) {\n", "<?php\n\ndeclare(strict_types=1);\n\nnamespace Shop;\n\nclass Letter\n{\n    public function text(array $order): string\n    {\n")},
			log: "2026-03-02 09:00:00 WARNING Undefined array key 1 in /app/src/Invoice.php on line {src/Invoice.php|$parts[1]}\n", marker: "Undefined array key", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting rust log beside a full disk", ext: "rs", files: []string{
				"src/journal.rs", "use std::fs::OpenOptions;\nuse std::io::Write;\n\npub fn append(line: &str) {\n    let mut file = OpenOptions::new().append(true).open(\"journal\").unwrap();\n    file.write_all(line.as_bytes()).unwrap();\n}\n",
			},
			window: []step{edit("say what is written", "src/journal.rs", "    let mut file", "    tracing::debug!(\"append {}\", line);\n    let mut file")},
			log:    "thread 'main' panicked at src/journal.rs:{src/journal.rs|write_all}:37:\ncalled `Result::unwrap()` on an `Err` value: Os { code: 28, kind: StorageFull, message: \"No space left on device\" }\n", marker: "panicked", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go timeout raised", ext: "go", files: []string{
				"stock/client.go", "package stock\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\t\"time\"\n)\n\nconst lookupTimeout = 2 * time.Second\n\n// Lookup asks the warehouse.\nfunc Lookup(ctx context.Context, article string) (int, error) {\n\tctx, cancel := context.WithTimeout(ctx, lookupTimeout)\n\tdefer cancel()\n\tn, err := ask(ctx, article)\n\tif err != nil {\n\t\treturn 0, fmt.Errorf(\"look up %s: %w\", article, err)\n\t}\n\treturn n, nil\n}\n",
			},
			window: []step{edit("the warehouse is slow these days", "stock/client.go", "lookupTimeout = 2 *", "lookupTimeout = 5 *")},
			log:    "2026-03-02T09:00:00Z ERROR look up A-1: context deadline exceeded\n", marker: "deadline", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting javascript retries in the failing function", ext: "js", files: []string{
				"src/offers.js", "const OFFER_RETRIES = 3;\n\nasync function offers(partner) {\n  const answer = await partner.get('/offers', { retries: OFFER_RETRIES });\n  return answer.body.items.map((i) => i.price);\n}\n\nmodule.exports = { offers };\n",
			},
			window: []step{edit("try harder", "src/offers.js", "OFFER_RETRIES = 3", "OFFER_RETRIES = 5")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'map')\n    at offers (/app/src/offers.js:{src/offers.js|items.map}:28)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "Cannot read", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go error became a variable", ext: "go", files: []string{
				"routes/routes.go", "package routes\n\nimport \"errors\"\n\n// Find gives the way of a parcel.\nfunc Find(code string) (string, error) {\n\tfor prefix, depot := range depots {\n\t\tif code[:2] == prefix {\n\t\t\treturn depot, nil\n\t\t}\n\t}\n\treturn \"\", errors.New(\"no depot delivers to this postal code\")\n}\n",
			},
			window: []step{edit("callers can compare", "routes/routes.go", "// Find gives", "// ErrNoDepot is what Find gives for unknown codes.\nvar ErrNoDepot = errors.New(\"no depot delivers to this postal code\")\n\n// Find gives", "routes/routes.go", "\treturn \"\", errors.New(\"no depot delivers to this postal code\")\n", "\treturn \"\", ErrNoDepot\n")},
			log:    "2026-03-02T09:00:00Z ERROR parcel 4711: no depot delivers to this postal code\n", marker: "no depot", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting java variable renamed on the failing line", ext: "java", files: []string{
				java + "Greeting.java", "package shop;\n\npublic class Greeting {\n    public String of(Customer c) {\n        String name = c.name().trim();\n        return \"Dear \" + name;\n    }\n}\n",
			},
			window: []step{edit("names that speak", java+"Greeting.java", "of(Customer c) {\n        String name = c.name().trim();", "of(Customer customer) {\n        String name = customer.name().trim();")},
			log:    "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"String.trim()\" because the return value of \"shop.Customer.name()\" is null\n\tat shop.Greeting.of(Greeting.java:{src/main/java/shop/Greeting.java|trim()})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointerException", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python type hints", ext: "py", files: []string{
				"shares.py", "def share(total, people):\n    rest = total\n    part = rest / len(people)\n    return part\n",
			},
			window: []step{edit("types", "shares.py", "def share(total, people):\n    rest = total\n", "def share(total: float, people: list) -> float:\n    rest: float = total\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/shares.py\", line {shares.py|len(people)}, in share\n    part = rest / len(people)\nZeroDivisionError: float division by zero\n", marker: "division by zero", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting typescript quotes of a formatter", ext: "js", files: []string{
				"src/session.ts", "export function user(request: Request) {\n  const cookie = request.cookies['session']\n  const parts = cookie.split('.')\n  return parts[0]\n}\n",
			},
			window: []step{edit("format", "src/session.ts", "  const cookie = request.cookies['session']\n  const parts = cookie.split('.')\n  return parts[0]\n", "  const cookie = request.cookies[\"session\"];\n  const parts = cookie.split(\".\");\n  return parts[0];\n")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'split')\n    at user (/app/src/session.ts:{src/session.ts|cookie.split}:24)\n    at handle (/app/src/server.ts:9:5)\n", marker: "Cannot read", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go error is wrapped now", ext: "go", files: []string{
				"carts/carts.go", "package carts\n\n// Load reads a cart.\nfunc Load(s Store, id string) (Cart, error) {\n\tc, err := s.Read(id)\n\tif err != nil {\n\t\treturn Cart{}, err\n\t}\n\treturn c, nil\n}\n",
			},
			window: []step{edit("say what was done", "carts/carts.go", "\t\treturn Cart{}, err\n", "\t\treturn Cart{}, fmt.Errorf(\"load shopping cart %s: %w\", id, err)\n", "carts/carts.go", "package carts\n", "package carts\n\nimport \"fmt\"\n")},
			log:    "2026-03-02T09:00:00Z ERROR load shopping cart 4711: record is locked by another writer\n", marker: "is locked", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python bump beside a refusal", ext: "py", files: []string{
				"requirements.txt", "flask==3.0.2\nrequests==2.31.0\n",
				"pay.py", "import requests\n\n\ndef pay(order):\n    answer = requests.post('https://pay.example.com/', json=order)\n    answer.raise_for_status()\n    return answer.json()\n",
			},
			window: []step{edit("bump", "requirements.txt", "requests==2.31.0", "requests==2.31.1")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/pay.py\", line {pay.py|raise_for_status}, in pay\n    answer.raise_for_status()\n  File \"/usr/lib/python3.12/site-packages/requests/models.py\", line 1021, in raise_for_status\n    raise HTTPError(http_error_msg, response=self)\nrequests.exceptions.HTTPError: 402 Client Error: Payment Required for url: https://pay.example.com/\n", marker: "HTTPError", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting python other setting in the function", ext: "py", files: []string{
				"usage.py", "import os\n\n\ndef usage(rows, days):\n    unit = os.environ.get('USAGE_UNIT', 'kB')\n    mean = sum(rows) / days\n    return '%.1f %s' % (mean, unit)\n",
				"deploy/app.yaml", "env:\n  - name: USAGE_UNIT\n    value: kB\n",
			},
			window: []step{edit("clearer", "usage.py", "os.environ.get('USAGE_UNIT', 'kB')", "os.environ.get('TRAFFIC_UNIT', 'kB')")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/usage.py\", line {usage.py|sum(rows)}, in usage\n    mean = sum(rows) / days\nZeroDivisionError: division by zero\n", marker: "division by zero", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting javascript polls more often", ext: "js", files: []string{
				"src/sync.js", "const POLL_MS = 60000;\n\nasync function sync(partner) {\n  const text = await partner.text('/stock');\n  const rows = JSON.parse(text);\n  return rows.length;\n}\n\nfunction start(partner) {\n  setInterval(() => sync(partner), POLL_MS);\n}\n\nmodule.exports = { sync, start };\n",
			},
			window: []step{edit("fresher", "src/sync.js", "POLL_MS = 60000", "POLL_MS = 45000")},
			log:    "2026-03-02T09:00:00.000Z ERROR SyntaxError: Unexpected token '<', \"<html>\" is not valid JSON\n    at JSON.parse (<anonymous>)\n    at sync (/app/src/sync.js:{src/sync.js|JSON.parse}:21)\n", marker: "SyntaxError", cause: selfheal.Inconclusive,
		},
		{
			name: "tempting go module renamed everywhere", ext: "go", files: []string{
				"go.mod", "module github.com/old/shop\n\ngo 1.22\n",
				"picks/picks.go", "package picks\n\nimport (\n\t\"strings\"\n\n\t\"github.com/old/shop/lib1\"\n)\n\n// Zone reads the zone of a shelf.\nfunc Zone(shelf string) string {\n\tparts := strings.Split(shelf, \"/\")\n\treturn parts[lib1.Part1(0)]\n}\n",
				"lanes/lanes.go", "package lanes\n\nimport \"github.com/old/shop/lib2\"\n\n// Lane gives the lane of a truck.\nfunc Lane(n int) int { return lib2.Part2(n) }\n",
			},
			window: []step{edit("the company has a new name", "go.mod", "github.com/old/shop", "github.com/new/shop", "picks/picks.go", "github.com/old/shop", "github.com/new/shop", "lanes/lanes.go", "github.com/old/shop", "github.com/new/shop")},
			log:    "panic: runtime error: index out of range [1] with length 1\n\ngoroutine 22 [running]:\ngithub.com/new/shop/picks.Zone({0xc0001, 0x4})\n\t/src/picks/picks.go:{picks/picks.go|return parts} +0x1d\nmain.handle({0x1, 0x2})\n\t/src/main.go:20 +0x1f\n", marker: "index out of", cause: selfheal.Inconclusive,
		},
	}
}

// temptingGuilty are changes that did cause the error.
func temptingGuilty() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "tempting ruby method renamed", ext: "rb", files: []string{
				"app/models/order.rb", "class Order\n  def total_cents\n    lines.sum(&:cents)\n  end\n\n  def open?\n    paid_at.nil?\n  end\nend\n",
				"app/services/billing.rb", "class Billing\n  def charge(order)\n    gateway.charge(order.total_cents)\n  end\nend\n",
			},
			window: []step{edit("shorter", "app/models/order.rb", "def total_cents", "def cents"), edit("paid", "app/models/order.rb", "paid_at.nil?", "!paid_at")},
			log:    "2026-03-02 09:00:00 ERROR NoMethodError: undefined method `total_cents' for #<Order:0x000055>\napp/services/billing.rb:{app/services/billing.rb|gateway.charge}:in `charge'\napp/jobs/bills.rb:12:in `perform'\n", marker: "undefined method",
			cause: selfheal.Caused, culprit: 0, path: "app/models/order.rb", line: "def cents",
		},
		{
			name: "tempting csharp check removed", ext: "cs", files: []string{
				"src/Coupons.cs", "namespace Shop;\n\npublic class Coupons\n{\n    public decimal Apply(Order order)\n    {\n        var coupon = Find(order.Code);\n        if (coupon == null)\n        {\n            return order.Total;\n        }\n        return order.Total - coupon.Value;\n    }\n}\n",
			},
			window: []step{edit("Find always finds", "src/Coupons.cs", "        if (coupon == null)\n        {\n            return order.Total;\n        }\n", "")},
			log:    "2026-03-02 09:00:00 ERROR System.NullReferenceException: Object reference not set to an instance of an object.\n   at Shop.Coupons.Apply(Order order) in /src/src/Coupons.cs:line {src/Coupons.cs|coupon.Value}\n   at Shop.Server.Handle() in /src/src/Server.cs:line 40\n", marker: "NullReference",
			cause: selfheal.Caused, culprit: 0, path: "src/Coupons.cs", line: "if (coupon == null)",
		},
		{
			name: "tempting php key of an array", ext: "php", files: []string{
				"src/Totals.php", "<?php\nnamespace Shop;\n\nclass Totals\n{\n    public function of(Order $order): array\n    {\n        return ['net_total' => $order->net(), 'tax' => $order->tax()];\n    }\n}\n",
				"src/InvoicePage.php", "<?php\nnamespace Shop;\n\nclass InvoicePage\n{\n    public function render(Order $order, Totals $totals): string\n    {\n        $sums = $totals->of($order);\n        return 'net ' . $sums['net_total'];\n    }\n}\n",
			},
			window: []step{edit("one word", "src/Totals.php", "'net_total' =>", "'net' =>")},
			log:    "2026-03-02 09:00:00 WARNING Undefined array key \"net_total\" in /app/src/InvoicePage.php on line {src/InvoicePage.php|$sums['net_total']}\n", marker: "Undefined array key",
			cause: selfheal.Caused, culprit: 0, path: "src/Totals.php", line: "'net' =>",
		},
		{
			name: "tempting rust limit lowered", ext: "rs", files: []string{
				"src/limits.rs", "pub const MAX_BODY: usize = 1_048_576;\npub const MAX_HEADERS: usize = 100;\n",
				"src/server.rs", "use crate::limits::MAX_BODY;\n\npub fn accept(body: &[u8]) -> Result<(), String> {\n    if body.len() > MAX_BODY {\n        return Err(format!(\"body of {} bytes was refused\", body.len()));\n    }\n    Ok(())\n}\n",
			},
			window: []step{edit("less memory", "src/limits.rs", "1_048_576", "10_240"), edit("headers", "src/limits.rs", "MAX_HEADERS: usize = 100", "MAX_HEADERS: usize = 120")},
			log:    "2026-03-02T09:00:00Z ERROR shop::server: body of 20480 bytes was refused\n", marker: "was refused",
			cause: selfheal.Caused, culprit: 0, path: "src/limits.rs", line: "10_240",
		},
		{
			name: "tempting typescript forgotten await", ext: "js", files: []string{
				"src/orders.ts", "import { fetchOrders } from './store';\n\nexport async function list(customer: string) {\n  const orders = await fetchOrders(customer);\n  return orders.map((o) => o.number);\n}\n",
			},
			window: []step{edit("simpler", "src/orders.ts", "await fetchOrders(customer)", "fetchOrders(customer)")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: orders.map is not a function\n    at list (/app/src/orders.ts:{src/orders.ts|orders.map}:17)\n    at handle (/app/src/server.ts:9:5)\n", marker: "not a function",
			cause: selfheal.Caused, culprit: 0, path: "src/orders.ts", line: "fetchOrders(customer)",
		},
		{
			name: "tempting python column dropped", ext: "py", files: []string{
				"migrations/0007_points.sql", "ALTER TABLE customers ADD COLUMN bonus_points int;\n",
				"bonus.py", "def best(db):\n    return db.query('SELECT id FROM customers ORDER BY bonus_points DESC LIMIT 10')\n",
			},
			window: []step{edit("the bonus is over", "migrations/0008_points.sql", "", "ALTER TABLE customers DROP COLUMN bonus_points;\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/bonus.py\", line {bonus.py|ORDER BY}, in best\n    return db.query('SELECT id FROM customers ORDER BY bonus_points DESC LIMIT 10')\npsycopg2.errors.UndefinedColumn: column \"bonus_points\" does not exist\n", marker: "does not exist",
			cause: selfheal.Caused, culprit: 0, path: "migrations/0008_points.sql", line: "DROP COLUMN",
		},
		{
			name: "tempting java stricter pattern", ext: "java", files: []string{
				java + "OrderNumbers.java", "package shop;\n\nimport java.util.regex.Pattern;\n\npublic class OrderNumbers {\n    private static final Pattern FORM = Pattern.compile(\"[A-Z]{2}-[0-9]+\");\n\n    public void check(String number) {\n        if (!FORM.matcher(number).matches()) {\n            log.error(\"order number {} is malformed\", number);\n        }\n    }\n}\n",
			},
			window: []step{edit("six digits", java+"OrderNumbers.java", "[0-9]+", "[0-9]{6}")},
			log:    "2026-03-02 09:00:00 ERROR shop.OrderNumbers - order number AB-12 is malformed\n", marker: "malformed",
			cause: selfheal.Caused, culprit: 0, path: java + "OrderNumbers.java", line: "FORM = Pattern",
		},
		{
			name: "tempting go time limit of a setting", ext: "go", files: []string{
				"config/app.yaml", "warehouse:\n  answer_within: 30s\n  pause: 5s\n",
				"stock/stock.go", "package stock\n\nimport (\n\t\"fmt\"\n\t\"time\"\n)\n\n// Settings of the warehouse.\ntype Settings struct {\n\tAnswerWithin time.Duration `yaml:\"answer_within\"`\n}\n\n// Ask asks for the stock.\nfunc Ask(s Settings, article string) error {\n\tif !ask(article, s.AnswerWithin) {\n\t\treturn fmt.Errorf(\"warehouse gave no answer within %s\", s.AnswerWithin)\n\t}\n\treturn nil\n}\n",
			},
			window: []step{edit("fail early", "config/app.yaml", "answer_within: 30s", "answer_within: 30ms")},
			log:    "2026-03-02T09:00:00Z ERROR warehouse gave no answer within 30ms\n", marker: "gave no answer",
			cause: selfheal.Caused, culprit: 0, path: "config/app.yaml", line: "answer_within: 30ms",
		},
	}
}
