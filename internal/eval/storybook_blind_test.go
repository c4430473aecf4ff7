package eval

import "selfheal"

// blindStories were written after the rules had been changed for the held-out
// ones, and answered before they were run.
func blindStories() []story {
	const java = "src/main/java/shop/"
	return []story{
		{
			name: "blind go early return for another kind", ext: "go", files: []string{
				"mail/mail.go", "package mail\n\nimport \"fmt\"\n\n// Send sends a letter.\nfunc Send(l Letter) error {\n\tif l.Kind == \"advert\" {\n\t\treturn queue(l)\n\t}\n\tif l.To == \"\" {\n\t\treturn fmt.Errorf(\"letter %s has no receiver\", l.ID)\n\t}\n\treturn deliver(l)\n}\n",
			},
			window: []step{edit("adverts need consent", "mail/mail.go", "\t\treturn queue(l)\n", "\t\tif !l.Consent {\n\t\t\treturn nil\n\t\t}\n\t\treturn queue(l)\n")},
			log:    "2026-03-02T09:00:00Z ERROR letter 4711 has no receiver\n", marker: "no receiver", cause: selfheal.Inconclusive,
		},
		{
			name: "blind python return value beside a bad date", ext: "py", files: []string{
				"dates.py", "from datetime import date\n\n\ndef parse(text):\n    year, month, day = text.split('-')\n    result = date(int(year), int(month), int(day))\n    return result\n",
			},
			window: []step{edit("as text", "dates.py", "    return result\n", "    return result.isoformat()\n")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/dates.py\", line {dates.py|date(int}, in parse\n    result = date(int(year), int(month), int(day))\nValueError: day is out of range for month\n", marker: "out of range", cause: selfheal.Inconclusive,
		},
		{
			name: "blind typescript retry pause of the failing client", ext: "js", files: []string{
				"src/geo.ts", "const RETRY_PAUSE = 200;\n\nexport async function locate(client: Client, ip: string) {\n  const answer = await client.get('/geo/' + ip);\n  if (answer.status === 503) {\n    await sleep(RETRY_PAUSE);\n    return locate(client, ip);\n  }\n  if (answer.status !== 200) {\n    throw new Error('no place is known for ' + ip);\n  }\n  return answer.body;\n}\n",
			},
			window: []step{edit("pause longer", "src/geo.ts", "RETRY_PAUSE = 200", "RETRY_PAUSE = 300")},
			log:    "2026-03-02T09:00:00.000Z ERROR Error: no place is known for 10.0.0.7\n    at locate (/app/src/geo.ts:{src/geo.ts|throw new}:11)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "no place", cause: selfheal.Inconclusive,
		},
		{
			name: "blind java getter renamed elsewhere", ext: "java", files: []string{
				java + "Supplier.java", "package shop;\n\npublic class Supplier {\n    private final String taxNumber;\n\n    public String getTaxNumber() {\n        return taxNumber;\n    }\n}\n",
				java + "Invoices.java", "package shop;\n\npublic class Invoices {\n    public String head(Customer customer) {\n        return customer.getTaxNumber().substring(2);\n    }\n}\n",
			},
			window: []step{edit("vat", java+"Supplier.java", "getTaxNumber()", "getVatNumber()")},
			log:    "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"String.substring(int)\" because the return value of \"shop.Customer.getTaxNumber()\" is null\n\tat shop.Invoices.head(Invoices.java:{src/main/java/shop/Invoices.java|substring})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointerException", cause: selfheal.Inconclusive,
		},
		{
			name: "blind ruby cache key beside a timeout", ext: "rb", files: []string{
				"app/services/weather.rb", "class Weather\n  def today(city)\n    cache.fetch(\"weather/#{city}\") do\n      client.get(\"/today/#{city}\")\n    end\n  end\nend\n",
			},
			window: []step{edit("new key", "app/services/weather.rb", "weather/#{city}\") do", "weather/v2/#{city}\") do")},
			log:    "2026-03-02 09:00:00 ERROR Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>\napp/services/weather.rb:{app/services/weather.rb|client.get}:in `block in today'\napp/services/weather.rb:{app/services/weather.rb|cache.fetch}:in `today'\n", marker: "ReadTimeout", cause: selfheal.Inconclusive,
		},
		{
			name: "blind csharp nullable annotations", ext: "cs", files: []string{
				"src/Names.cs", "namespace Shop;\n\npublic class Names\n{\n    public string Initials(Person person)\n    {\n        string first = person.First;\n        return first.Substring(0, 1);\n    }\n}\n",
			},
			window: []step{edit("nullable", "src/Names.cs", "string first = person.First;", "string? first = person.First;")},
			log:    "2026-03-02 09:00:00 ERROR System.ArgumentOutOfRangeException: Index and length must refer to a location within the string. (Parameter 'length')\n   at System.String.Substring(Int32 startIndex, Int32 length)\n   at Shop.Names.Initials(Person person) in /src/src/Names.cs:line {src/Names.cs|Substring}\n", marker: "ArgumentOutOfRange", cause: selfheal.Inconclusive,
		},
		{
			name: "blind php setting of a neighbour", ext: "php", files: []string{
				"config/services.php", "<?php\nreturn [\n    'mail' => ['host' => 'mail.internal', 'port' => 25],\n    'search' => ['host' => 'search.internal', 'port' => 9200],\n];\n",
				"src/Search.php", "<?php\nnamespace Shop;\n\nclass Search\n{\n    public function find(string $words): array\n    {\n        $answer = $this->client->post($this->config['search']['host'], $words);\n        if ($answer === null) {\n            throw new \\RuntimeException('search gave no answer');\n        }\n        return $answer;\n    }\n}\n",
			},
			window: []step{edit("mail over tls", "config/services.php", "'port' => 25]", "'port' => 587]")},
			log:    "2026-03-02 09:00:00 ERROR Uncaught RuntimeException: search gave no answer in /app/src/Search.php:{src/Search.php|throw new}\nStack trace:\n#0 /app/src/SearchPage.php(14): Shop\\Search->find('hat')\n#1 {main}\n", marker: "search gave", cause: selfheal.Inconclusive,
		},
		{
			name: "blind go comment and a new method of the type", ext: "go", files: []string{
				"seats/seats.go", "package seats\n\n// Hall has rows of seats.\ntype Hall struct{ rows [][]bool }\n\n// Take takes a seat.\nfunc (h *Hall) Take(row, seat int) {\n\th.rows[row][seat] = true\n}\n",
			},
			window: []step{edit("count", "seats/seats.go", "// Take takes a seat.\n", "// Rows counts the rows.\nfunc (h *Hall) Rows() int { return len(h.rows) }\n\n// Take takes one seat of a row.\n")},
			log:    "panic: runtime error: index out of range [31] with length 30\n\ngoroutine 22 [running]:\nexample.com/shop/seats.(*Hall).Take(0xc0001, 0x1f, 0x2)\n\t/src/seats/seats.go:{seats/seats.go|h.rows[row]} +0x1d\nmain.handle({0x1, 0x2})\n\t/src/main.go:20 +0x1f\n", marker: "index out of", cause: selfheal.Inconclusive,
		},
		{
			name: "blind python default removed", ext: "py", files: []string{
				"prices.py", "def price(article):\n    discount = article.get('discount', 0)\n    return article['price'] - discount\n",
			},
			window: []step{edit("simpler", "prices.py", "article.get('discount', 0)", "article.get('discount')"), edit("part", "lib2/part.py", "x + 2", "x + 3")},
			log:    "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/prices.py\", line {prices.py|- discount}, in price\n    return article['price'] - discount\nTypeError: unsupported operand type(s) for -: 'int' and 'NoneType'\n", marker: "unsupported operand",
			cause: selfheal.Caused, culprit: 0, path: "prices.py", line: "article.get(",
		},
		{
			name: "blind go setting no longer read", ext: "go", files: []string{
				"blob/blob.go", "package blob\n\nimport (\n\t\"errors\"\n\t\"os\"\n)\n\n// Open opens the store of pictures.\nfunc Open() (string, error) {\n\tbucket := os.Getenv(\"PICTURE_BUCKET\")\n\tif bucket == \"\" {\n\t\treturn \"\", errors.New(\"pictures have no place to go\")\n\t}\n\treturn bucket, nil\n}\n",
				"deploy/app.yaml", "env:\n  - name: PICTURE_BUCKET\n    value: pictures\n  - name: LEVEL\n    value: info\n",
			},
			window: []step{edit("level", "deploy/app.yaml", "value: info", "value: warn"), edit("unused", "deploy/app.yaml", "  - name: PICTURE_BUCKET\n    value: pictures\n", "")},
			log:    "2026-03-02T09:00:00Z ERROR start: pictures have no place to go\n", marker: "no place to go",
			cause: selfheal.Caused, culprit: 1, path: "deploy/app.yaml", line: "PICTURE_BUCKET",
		},
		{
			name: "blind typescript optional chain removed", ext: "js", files: []string{
				"src/avatar.ts", "export function avatar(user: User) {\n  const picture = user.profile?.picture;\n  return picture ?? '/nobody.png';\n}\n",
			},
			window: []step{edit("profiles are required", "src/avatar.ts", "user.profile?.picture", "user.profile.picture")},
			log:    "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'picture')\n    at avatar (/app/src/avatar.ts:{src/avatar.ts|const picture}:32)\n    at handle (/app/src/server.ts:9:5)\n", marker: "Cannot read",
			cause: selfheal.Caused, culprit: 0, path: "src/avatar.ts", line: "user.profile",
		},
	}
}
