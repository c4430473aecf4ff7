package eval

// afterStories were written and answered after the rules knew tiers and the way
// to the error, and before they met these.
func afterStories() []story {
	return storiesOf("after", append(append(afterGo(), afterPython()...), append(afterScript(), afterJava()...)...))
}

func afterGo() []pair {
	return []pair{
		{
			name: "go seat that is taken", ext: "go", files: []string{
				"seats/seats.go", `package seats

import "errors"

var errTaken = errors.New("seat is sold to somebody else")

// Book sells a seat.
func Book(hall *Hall, row, seat int, buyer string) error {
	owner := hall.owner(row, seat)
	if owner != "" && owner != buyer {
		return errTaken
	}
	hall.sell(row, seat, buyer)
	return nil
}
`,
				"seats/hall.go", `package seats

// Hall knows who sits where.
type Hall struct{ owners [][]string }

func (h *Hall) owner(row, seat int) string {
	return h.owners[row][seat-1]
}

func (h *Hall) sell(row, seat int, buyer string) {
	h.owners[row][seat-1] = buyer
}

// Free counts the free seats of a row.
func (h *Hall) Free(row int) (n int) {
	for _, owner := range h.owners[row] {
		if owner == "" {
			n++
		}
	}
	return n
}
`,
			},
			was:      []string{"seats/hall.go", "return h.owners[row][seat-1]", "return h.owners[row][seat]"},
			innocent: edit("count from the back", "seats/hall.go", "\tfor _, owner := range h.owners[row] {\n\t\tif owner == \"\" {\n", "\tfor i := len(h.owners[row]) - 1; i >= 0; i-- {\n\t\tif h.owners[row][i] == \"\" {\n"),
			guilty:   edit("seats begin at one", "seats/hall.go", "return h.owners[row][seat]", "return h.owners[row][seat-1]"),
			log:      "2026-03-02T09:00:00Z ERROR booking refused: seat is sold to somebody else\n", marker: "sold to somebody",
			path: "seats/hall.go", line: "return h.owners[row]",
		},
		{
			name: "go worker on a closed channel", ext: "go", files: []string{
				"pool/pool.go", `package pool

import "sync"

// Pool runs jobs.
type Pool struct {
	mu     sync.Mutex
	jobs   chan func()
	closed bool
}

// Submit adds a job.
func (p *Pool) Submit(job func()) bool {
	p.jobs <- job
	return true
}

// Close ends the pool.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	close(p.jobs)
}

// Len counts the jobs that wait.
func (p *Pool) Len() int { return len(p.jobs) }
`,
			},
			was:      []string{"pool/pool.go", "\tp.jobs <- job\n", "\tp.mu.Lock()\n\tdefer p.mu.Unlock()\n\tif p.closed {\n\t\treturn false\n\t}\n\tp.jobs <- job\n"},
			innocent: edit("room for jobs, too", "pool/pool.go", "// Len counts the jobs that wait.\nfunc (p *Pool) Len() int { return len(p.jobs) }\n", "// Len counts the jobs that wait.\nfunc (p *Pool) Len() int { return len(p.jobs) }\n\n// Room counts the jobs that may still be submitted.\nfunc (p *Pool) Room() int { return cap(p.jobs) - len(p.jobs) }\n"),
			guilty:   edit("less locking", "pool/pool.go", "\tp.mu.Lock()\n\tdefer p.mu.Unlock()\n\tif p.closed {\n\t\treturn false\n\t}\n\tp.jobs <- job\n", "\tp.jobs <- job\n"),
			log:      "panic: send on closed channel\n\ngoroutine 31 [running]:\nexample.com/shop/pool.(*Pool).Submit(0xc0001, 0xc0002)\n\t/src/pool/pool.go:{pool/pool.go|p.jobs <- job} +0x1d\nexample.com/shop/mail.(*Sender).Send(0xc0003)\n\t/src/mail/mail.go:20 +0x1f\n", marker: "closed channel",
			path: "pool/pool.go", line: "p.jobs <- job",
		},
		{
			name: "go header of a partner", ext: "go", files: []string{
				"partner/partner.go", `package partner

import (
	"fmt"
	"io"
	"net/http"
)

// Client talks to the partner.
type Client struct {
	key  string
	http *http.Client
}

// Fetch asks for a list.
func (c *Client) Fetch(path string) ([]byte, error) {
	request, err := http.NewRequest(http.MethodGet, base+path, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Api-Key", c.key)
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("partner is not there: %w", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("partner did not hand over %s: %s", path, answer.Status)
	}
	return io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
}
`,
				"partner/limits.go", "package partner\n\nconst (\n\tbase      = \"https://partner.example.com\"\n\tmaxAnswer = 1 << 20\n)\n",
			},
			was:      []string{"partner/partner.go", "\"X-Api-Key\"", "\"Authorization\""},
			innocent: edit("longer lists", "partner/limits.go", "maxAnswer = 1 << 20", "maxAnswer = 1 << 22"),
			guilty:   edit("the name of the header", "partner/partner.go", "\"Authorization\"", "\"X-Api-Key\""),
			log:      "2026-03-02T09:00:00Z ERROR partner did not hand over /lists/7: 400 Bad Request\n", marker: "did not hand over",
			path: "partner/partner.go", line: "request.Header.Set",
		},
	}
}

func afterPython() []pair {
	return []pair{
		{
			name: "python template that misses a name", ext: "py", files: []string{
				"letters.py", "TEXT = 'Dear {name},\\nyour order {order} is on its way to {street}.'\n\n\ndef letter(order):\n    return TEXT.format(name=order.name, order=order.number)\n\n\ndef subject(order):\n    return 'Order {order}'.format(order=order.number)\n",
			},
			was:      []string{"letters.py", " to {street}.'", ".'"},
			innocent: edit("more in the subject", "letters.py", "'Order {order}'.format(order=order.number)", "'Order {order} for {street}'.format(order=order.number, street=order.street)"),
			guilty:   edit("say where to", "letters.py", "is on its way.'", "is on its way to {street}.'"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/ship.py\", line 12, in ship\n    mail(letter(order))\n  File \"/app/letters.py\", line {letters.py|TEXT.format}, in letter\n    return TEXT.format(name=order.name, order=order.number)\nKeyError: 'street'\n", marker: "KeyError",
			path: "letters.py", line: "TEXT = ",
		},
		{
			name: "python date of another form", ext: "py", files: []string{
				"feed.py", "from datetime import datetime\n\nDAY = '%Y-%m-%d'\nMOMENT = '%Y-%m-%d %H:%M'\n\n\ndef day(row):\n    return datetime.strptime(row['day'], DAY)\n\n\ndef stamp(when):\n    return when.strftime(MOMENT)\n",
			},
			was:      []string{"feed.py", "DAY = '%Y-%m-%d'", "DAY = '%d.%m.%Y'"},
			innocent: edit("with seconds", "feed.py", "MOMENT = '%Y-%m-%d %H:%M'", "MOMENT = '%Y-%m-%d %H:%M:%S'"),
			guilty:   edit("dates as machines write them", "feed.py", "DAY = '%d.%m.%Y'", "DAY = '%Y-%m-%d'"),
			log:      "2026-03-02 09:00:00,000 ERROR unhandled\nTraceback (most recent call last):\n  File \"/app/jobs.py\", line 40, in nightly\n    days = [day(row) for row in rows]\n  File \"/app/feed.py\", line {feed.py|strptime}, in day\n    return datetime.strptime(row['day'], DAY)\n  File \"/usr/lib/python3.12/_strptime.py\", line 352, in _strptime\n    raise ValueError(\"time data %r does not match format %r\" %\nValueError: time data '24.12.2026' does not match format '%Y-%m-%d'\n", marker: "does not match format",
			path: "feed.py", line: "DAY = ",
		},
		{
			name: "python lock that is held", ext: "py", files: []string{
				"stock.py", "import logging\n\nlog = logging.getLogger(__name__)\n\nWAIT = 2\nBATCH = 100\n\n\ndef reserve(lock, article, count):\n    if not lock.acquire(timeout=WAIT):\n        log.error('article %s stays reserved by somebody else', article)\n        return False\n    try:\n        return take(article, count)\n    finally:\n        lock.release()\n\n\ndef refill(rows):\n    for start in range(0, len(rows), BATCH):\n        store(rows[start:start + BATCH])\n",
			},
			was:      []string{"stock.py", "WAIT = 2\n", "WAIT = 20\n"},
			innocent: edit("smaller steps", "stock.py", "BATCH = 100", "BATCH = 50"),
			guilty:   edit("do not wait", "stock.py", "WAIT = 20", "WAIT = 2"),
			log:      "2026-03-02 09:00:00,000 ERROR article A-17 stays reserved by somebody else\n2026-03-02 09:00:01,000 ERROR article A-18 stays reserved by somebody else\n", marker: "stays reserved",
			path: "stock.py", line: "WAIT = 2",
		},
	}
}

func afterScript() []pair {
	return []pair{
		{
			name: "typescript price of a bundle", ext: "js", files: []string{
				"src/bundle.ts", "import { find } from './articles';\n\nexport function total(bundle: Bundle) {\n  let cents = 0;\n  for (const line of bundle.lines) {\n    const article = find(line.article);\n    cents += article.cents * line.count;\n  }\n  return cents;\n}\n",
				"src/articles.ts", "const all = new Map<string, Article>();\n\nexport function find(number: string) {\n  return all.get(number.toUpperCase());\n}\n\nexport function put(article: Article) {\n  all.set(article.number, article);\n}\n",
			},
			was:      []string{"src/articles.ts", "number.toUpperCase()", "number"},
			innocent: edit("counts are texts sometimes", "src/bundle.ts", "article.cents * line.count", "article.cents * Number(line.count)"),
			guilty:   edit("people write it small", "src/articles.ts", "all.get(number)", "all.get(number.toUpperCase())"),
			log:      "2026-03-02T09:00:00.000Z ERROR TypeError: Cannot read properties of undefined (reading 'cents')\n    at total (/app/src/bundle.ts:{src/bundle.ts|cents +=}:22)\n    at handle (/app/src/server.ts:9:5)\n", marker: "Cannot read",
			path: "src/articles.ts", line: "all.get",
		},
		{
			name: "javascript body that is no json", ext: "js", files: []string{
				"src/rates.js", "async function rates(client) {\n  const answer = await client.get('/rates', { headers: { accept: 'text/csv' } });\n  const parsed = JSON.parse(answer.body);\n  return parsed.rates.filter((r) => r.value > 0);\n}\n\nmodule.exports = { rates };\n",
			},
			was:      []string{"src/rates.js", "'text/csv'", "'application/json'"},
			innocent: edit("none below zero", "src/rates.js", "r.value > 0", "r.value >= 0.0001"),
			guilty:   edit("less to send", "src/rates.js", "'application/json'", "'text/csv'"),
			log:      "2026-03-02T09:00:00.000Z ERROR SyntaxError: Unexpected token e in JSON at position 0\n    at JSON.parse (<anonymous>)\n    at rates (/app/src/rates.js:{src/rates.js|JSON.parse}:23)\n    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)\n", marker: "Unexpected token",
			path: "src/rates.js", line: "client.get",
		},
		{
			name: "typescript role of a user", ext: "js", files: []string{
				"src/roles.ts", "export const EDITORS = ['editor', 'owner'];\nexport const READERS = ['reader', 'editor', 'owner'];\n",
				"src/pages.ts", "import { EDITORS, READERS } from './roles';\n\nexport function save(user: User, page: Page) {\n  if (!EDITORS.includes(user.role)) {\n    throw new Error('user ' + user.id + ' must not write this page');\n  }\n  store(page);\n}\n\nexport function read(user: User, page: Page) {\n  return READERS.includes(user.role) ? page.text : '';\n}\n",
			},
			was:      []string{"src/roles.ts", "EDITORS = ['editor', 'owner']", "EDITORS = ['editor', 'owner', 'author']"},
			innocent: edit("guests may read", "src/roles.ts", "READERS = ['reader',", "READERS = ['guest', 'reader',"),
			guilty:   edit("authors are gone", "src/roles.ts", "['editor', 'owner', 'author']", "['editor', 'owner']"),
			log:      "2026-03-02T09:00:00.000Z ERROR Error: user u-81 must not write this page\n    at save (/app/src/pages.ts:{src/pages.ts|throw new}:11)\n    at handle (/app/src/server.ts:9:5)\n", marker: "must not write",
			path: "src/roles.ts", line: "EDITORS = ",
		},
	}
}

func afterJava() []pair {
	const java = "src/main/java/shop/"
	return []pair{
		{
			name: "java cast of an attribute", ext: "java", files: []string{
				java + "SessionFilter.java", "package shop;\n\npublic class SessionFilter {\n    public void login(Request request, User user) {\n        request.session().put(\"user\", user.id());\n        request.session().put(\"since\", now());\n    }\n}\n",
				java + "Profile.java", "package shop;\n\npublic class Profile {\n    public Page show(Request request) {\n        User user = (User) request.session().get(\"user\");\n        return page(user);\n    }\n}\n",
			},
			was:      []string{java + "SessionFilter.java", "user.id())", "user)"},
			innocent: edit("when it ends", java+"SessionFilter.java", "put(\"since\", now())", "put(\"until\", now().plusHours(8))"),
			guilty:   edit("small sessions", java+"SessionFilter.java", "put(\"user\", user)", "put(\"user\", user.id())"),
			log:      "2026-03-02 09:00:00 ERROR request failed\njava.lang.ClassCastException: class java.lang.Long cannot be cast to class shop.User\n\tat shop.Profile.show(Profile.java:{src/main/java/shop/Profile.java|(User)})\n\tat shop.Server.handle(Server.java:40)\n", marker: "ClassCast",
			path: java + "SessionFilter.java", line: "put(\"user\"",
		},
		{
			name: "java division by a count", ext: "java", files: []string{
				java + "Averages.java", "package shop;\n\npublic class Averages {\n    public int perOrder(List<Order> orders) {\n        int sum = 0;\n        int count = 0;\n        for (Order order : orders) {\n            if (order.paid()) {\n                sum += order.cents();\n                count++;\n            }\n        }\n        return sum / count;\n    }\n\n    public int highest(List<Order> orders) {\n        return orders.stream().mapToInt(Order::cents).max().orElse(0);\n    }\n}\n",
			},
			was:      []string{java + "Averages.java", "            if (order.paid()) {\n                sum += order.cents();\n                count++;\n            }\n", "            sum += order.cents();\n            count++;\n"},
			innocent: edit("no streams", java+"Averages.java", "        return orders.stream().mapToInt(Order::cents).max().orElse(0);\n", "        int count = 0;\n        for (Order order : orders) {\n            count = Math.max(count, order.cents());\n        }\n        return count;\n"),
			guilty:   edit("only what is paid", java+"Averages.java", "            sum += order.cents();\n            count++;\n", "            if (order.paid()) {\n                sum += order.cents();\n                count++;\n            }\n"),
			log:      "2026-03-02 09:00:00 ERROR request failed\njava.lang.ArithmeticException: / by zero\n\tat shop.Averages.perOrder(Averages.java:{src/main/java/shop/Averages.java|return sum / count})\n\tat shop.Server.handle(Server.java:40)\n", marker: "by zero",
			path: java + "Averages.java", line: "if (order.paid())",
		},
		{
			name: "java address without a country", ext: "java", files: []string{
				java + "Address.java", "package shop;\n\npublic record Address(String street, String city, String country) {\n    public static Address of(String street, String city) {\n        return new Address(street, city, null);\n    }\n\n    public String oneLine() {\n        return street + \", \" + city;\n    }\n}\n",
				java + "Customs.java", "package shop;\n\npublic class Customs {\n    public boolean needed(Address address) {\n        return !address.country().equals(\"DE\");\n    }\n}\n",
			},
			was:      []string{java + "Address.java", "city, null)", "city, \"DE\")"},
			innocent: edit("the country, too", java+"Address.java", "return street + \", \" + city;", "return street + \", \" + city + (country == null ? \"\" : \", \" + country);"),
			guilty:   edit("there may be others", java+"Address.java", "city, \"DE\")", "city, null)"),
			log:      "2026-03-02 09:00:00 ERROR request failed\njava.lang.NullPointerException: Cannot invoke \"String.equals(Object)\" because the return value of \"shop.Address.country()\" is null\n\tat shop.Customs.needed(Customs.java:{src/main/java/shop/Customs.java|equals})\n\tat shop.Server.handle(Server.java:40)\n", marker: "NullPointer",
			path: java + "Address.java", line: "return new Address",
		},
	}
}
