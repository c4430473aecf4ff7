package eval

import "selfheal"

// heldOutStories were written after the rules had been changed for the tempting
// ones, and answered before they were run.
func heldOutStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "heldout go guard extracted", ext: "go", files: []string{
				"basket/basket.go", "package basket\n\nimport \"fmt\"\n\n// Add puts an article into a basket.\nfunc Add(b *Basket, article string, n int) error {\n\tif n > b.limit {\n\t\treturn fmt.Errorf(\"basket takes no %d pieces of %s\", n, article)\n\t}\n\tb.lines[article] += n\n\treturn nil\n}\n",
			},
			window: []step{edit("a function of its own", "basket/basket.go", "\tif n > b.limit {\n\t\treturn fmt.Errorf(\"basket takes no %d pieces of %s\", n, article)\n\t}\n\tb.lines[article] += n\n\treturn nil\n}\n", "\tif err := check(b, article, n); err != nil {\n\t\treturn err\n\t}\n\tb.lines[article] += n\n\treturn nil\n}\n\nfunc check(b *Basket, article string, n int) error {\n\tif n > b.limit {\n\t\treturn fmt.Errorf(\"basket takes no %d pieces of %s\", n, article)\n\t}\n\treturn nil\n}\n")},
			log:    "2026-03-02T09:00:00Z ERROR basket takes no 5000 pieces of A-1\n", marker: "basket takes no", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout python metric beside a bad row", ext: "py", files: []string{
				"feed.py", "def load(rows, store):\n    for row in rows:\n        price = float(row['price'])\n        store.put(row['article'], price)\n",
			},
			window: []step{edit("count rows", "feed.py", "def load(rows, store):\n    for row in rows:\n", "def load(rows, store, metrics=None):\n    for row in rows:\n        if metrics:\n            metrics.count('feed.rows')\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/feed.py\", line {feed.py|float(row}, in load\n    price = float(row['price'])\nValueError: could not convert string to float: '12,50'\n", marker: "could not convert", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout typescript key of a cookie and of a partner", ext: "js", files: []string{
				"src/cookies.ts", "export function cookie(user: User) {\n  return { accessToken: user.token, locale: user.locale };\n}\n",
				"src/oauth.ts", "export async function login(provider: Provider, code: string) {\n  const answer = await provider.exchange(code);\n  const token = answer.accessToken;\n  return token.value.trim();\n}\n",
			},
			window: []step{edit("shorter cookies", "src/cookies.ts", "accessToken: user.token", "t: user.token")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'trim')\n    at login (/app/src/oauth.ts:{src/oauth.ts|token.value}:22)\n    at handle (/app/src/server.ts:9:5)\n", marker: "Cannot read", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout java pool grew beside a dead database", ext: "java", files: []string{
				java + "Database.java", "package shop;\n\npublic class Database {\n    private static final int POOL_SIZE = 10;\n    private static final int WAIT_MS = 3000;\n\n    public Connection take() {\n        Connection c = pool.poll(WAIT_MS);\n        if (c == null) {\n            throw new IllegalStateException(\"no connection after 3000 ms, \" + POOL_SIZE + \" are busy\");\n        }\n        return c;\n    }\n}\n",
			},
			window: []step{edit("more at once", java+"Database.java", "POOL_SIZE = 10", "POOL_SIZE = 20")},
			log:    "2026-03-02 09:00:00 ERROR request failed\njava.lang.IllegalStateException: no connection after 3000 ms, 20 are busy\n\tat shop.Database.take(Database.java:{src/main/java/shop/Database.java|throw new})\n\tat shop.Server.handle(Server.java:40)\n", marker: "no connection after", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout ruby frozen literals everywhere", ext: "rb", files: []string{
				"app/services/tax.rb", "class Tax\n  def rate(country)\n    RATES.fetch(country)\n  end\nend\n",
				"app/services/fee.rb", "class Fee\n  def of(order)\n    order.total / 50\n  end\nend\n",
			},
			window: []step{edit("frozen", "app/services/tax.rb", "class Tax\n", "# frozen_string_literal: true\n\nclass Tax\n", "app/services/fee.rb", "class Fee\n", "# frozen_string_literal: true\n\nclass Fee\n"), edit("fee", "app/services/fee.rb", "/ 50", "/ 40")},
			log:    "2026-03-02 09:00:00 ERROR KeyError: key not found: \"XK\"\napp/services/tax.rb:{app/services/tax.rb|fetch(country)}:in `fetch'\napp/services/tax.rb:{app/services/tax.rb|fetch(country)}:in `rate'\napp/jobs/bills.rb:12:in `perform'\n", marker: "key not found", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout csharp neighbour branch", ext: "cs", files: []string{
				"src/Mailer.cs", "namespace Shop;\n\npublic class Mailer\n{\n    public void Send(Letter letter)\n    {\n        if (letter.IsAdvert)\n        {\n            queue.Add(letter, Priority.Normal);\n            return;\n        }\n        smtp.Deliver(letter.To.Address, letter.Text);\n    }\n}\n",
			},
			window: []step{edit("adverts can wait", "src/Mailer.cs", "Priority.Normal", "Priority.Low")},
			log:    "2026-03-02 09:00:00 ERROR System.NullReferenceException: Object reference not set to an instance of an object.\n   at Shop.Mailer.Send(Letter letter) in /src/src/Mailer.cs:line {src/Mailer.cs|smtp.Deliver}\n   at Shop.Jobs.Nightly() in /src/src/Jobs.cs:line 40\n", marker: "NullReference", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout php bump and a declined card", ext: "php", files: []string{
				"composer.json", "{\n    \"require\": {\n        \"stripe/stripe-php\": \"13.2.0\",\n        \"monolog/monolog\": \"3.5.0\"\n    }\n}\n",
				"src/Checkout.php", "<?php\nnamespace Shop;\n\nclass Checkout\n{\n    public function pay(Order $order): void\n    {\n        $this->stripe->charges->create($order->charge());\n    }\n}\n",
			},
			window: []step{edit("bump", "composer.json", "13.2.0", "13.2.1")},
			log:    "2026-03-02 09:00:00 ERROR Uncaught Stripe\\Exception\\CardException: Your card was declined. in /app/vendor/stripe/stripe-php/lib/Exception/ApiErrorException.php:38\nStack trace:\n#0 /app/vendor/stripe/stripe-php/lib/ApiRequestor.php(190): Stripe\\Exception\\ApiErrorException::factory()\n#1 /app/src/Checkout.php({src/Checkout.php|charges->create}): Stripe\\Service\\ChargeService->create()\n#2 {main}\n", marker: "CardException", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout rust field of another struct", ext: "rs", files: []string{
				"src/report.rs", "pub struct Row {\n    pub quantity: u32,\n    pub label: String,\n}\n\npub fn rows() -> Vec<Row> {\n    Vec::new()\n}\n",
				"src/shelf.rs", "pub struct Shelf {\n    pub quantity: u32,\n}\n\npub fn take(shelf: &mut Shelf, n: u32) {\n    shelf.quantity = shelf.quantity.checked_sub(n).expect(\"shelf holds fewer pieces\");\n}\n",
			},
			window: []step{edit("pieces", "src/report.rs", "pub quantity: u32,\n    pub label", "pub pieces: u32,\n    pub label")},
			log:    "thread 'main' panicked at src/shelf.rs:{src/shelf.rs|checked_sub}:53:\nshelf holds fewer pieces\n", marker: "panicked", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout go longer time limit of the caller", ext: "go", files: []string{
				"rates/rates.go", "package rates\n\nimport (\n\t\"context\"\n\t\"fmt\"\n\t\"time\"\n)\n\n// Today reads the rates.\nfunc Today(ctx context.Context) error {\n\tctx, cancel := context.WithTimeout(ctx, 3*time.Second)\n\tdefer cancel()\n\tif err := get(ctx); err != nil {\n\t\treturn fmt.Errorf(\"rates of today are not known: %w\", err)\n\t}\n\treturn nil\n}\n",
			},
			window: []step{edit("patience", "rates/rates.go", "3*time.Second", "8*time.Second")},
			log:    "2026-03-02T09:00:00Z ERROR rates of today are not known: context deadline exceeded\n", marker: "rates of today", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout python log line next to the raise", ext: "py", files: []string{
				"users.py", "import logging\n\nlog = logging.getLogger(__name__)\n\n\ndef user(db, id):\n    row = db.one(id)\n    if row is None:\n        raise LookupError('nobody has the number %s' % id)\n    return row\n",
			},
			window: []step{edit("say so", "users.py", "        raise LookupError", "        log.info('looked for %s', id)\n        raise LookupError")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/users.py\", line {users.py|raise LookupError}, in user\n    raise LookupError('nobody has the number %s' % id)\nLookupError: nobody has the number 4711\n", marker: "nobody has", cause: selfheal.Inconclusive,
		},
		{
			name: "heldout go condition turned round", ext: "go", files: []string{
				"access/access.go", "package access\n\nimport \"errors\"\n\n// Check tells whether somebody may see an order.\nfunc Check(user, owner string) error {\n\tif user != owner {\n\t\treturn errors.New(\"order belongs to somebody else\")\n\t}\n\treturn nil\n}\n",
			},
			window: []step{edit("simplify", "access/access.go", "user != owner", "user == owner")},
			log:    "2026-03-02T09:00:00Z ERROR show order: order belongs to somebody else\n", marker: "belongs to somebody",
			cause: selfheal.Caused, culprit: 0, path: "access/access.go", line: "user == owner",
		},
		{
			name: "heldout python key of the producer", ext: "py", files: []string{
				"events.py", "def paid(order):\n    return {'order_number': order.number, 'gross_amount': order.total}\n",
				"books.py", "from events import paid\n\n\ndef book(order, ledger):\n    event = paid(order)\n    ledger.add(event['gross_amount'])\n",
			},
			window: []step{edit("shorter", "events.py", "'gross_amount'", "'gross'")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/books.py\", line {books.py|ledger.add}, in book\n    ledger.add(event['gross_amount'])\nKeyError: 'gross_amount'\n", marker: "KeyError",
			cause: selfheal.Caused, culprit: 0, path: "events.py", line: "'gross'",
		},
		{
			name: "heldout typescript limit of the shop", ext: "js", files: []string{
				"src/limits.ts", "export const MAX_LINES = 200;\nexport const MAX_NAME = 80;\n",
				"src/cart.ts", "import { MAX_LINES } from './limits';\n\nexport function add(cart: Cart, line: Line) {\n  if (cart.lines.length >= MAX_LINES) {\n    throw new Error('cart is full');\n  }\n  cart.lines.push(line);\n}\n",
			},
			window: []step{edit("names", "src/limits.ts", "MAX_NAME = 80", "MAX_NAME = 90"), edit("small carts", "src/limits.ts", "MAX_LINES = 200", "MAX_LINES = 2")},
			log:    "2026-03-02T09:00:00.000Z ERROR Error: cart is full\n    at add (/app/src/cart.ts:{src/cart.ts|throw new}:11)\n    at handle (/app/src/server.ts:9:5)\n", marker: "cart is full",
			cause: selfheal.Caused, culprit: 1, path: "src/limits.ts", line: "MAX_LINES = 2",
		},
		{
			name: "heldout java order of two statements", ext: "java", files: []string{
				java + "Session.java", "package shop;\n\npublic class Session {\n    private User user;\n\n    public String open(Login login) {\n        user = users.find(login);\n        String name = user.name();\n        return name;\n    }\n}\n",
			},
			window: []step{edit("tidy", java+"Session.java", "        user = users.find(login);\n        String name = user.name();\n", "        String name = user.name();\n        user = users.find(login);\n")},
			log:    "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"shop.User.name()\" because \"this.user\" is null\n\tat shop.Session.open(Session.java:{src/main/java/shop/Session.java|user.name})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointerException",
			cause: selfheal.Caused, culprit: 0, path: java + "Session.java", line: "user.name()",
		},
		{
			name: "heldout ruby column removed", ext: "rb", files: []string{
				"db/migrate/1_shops.rb", "class Shops < ActiveRecord::Migration[7.1]\n  def change\n    add_column :shops, :opening_hours, :string\n  end\nend\n",
				"app/pages/shop_page.rb", "class ShopPage\n  def text(shop)\n    \"open #{shop.opening_hours}\"\n  end\nend\n",
			},
			window: []step{edit("hours are elsewhere", "db/migrate/2_shops.rb", "", "class ShopHours < ActiveRecord::Migration[7.1]\n  def change\n    remove_column :shops, :opening_hours, :string\n  end\nend\n")},
			log:    "2026-03-02 09:00:00 ERROR NoMethodError: undefined method `opening_hours' for #<Shop:0x000055>\napp/pages/shop_page.rb:{app/pages/shop_page.rb|opening_hours}:in `text'\napp/controllers/shops.rb:12:in `show'\n", marker: "undefined method",
			cause: selfheal.Caused, culprit: 0, path: "db/migrate/2_shops.rb", line: "remove_column",
		},
	}
}
