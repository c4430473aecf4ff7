package sandbox

import (
	"fmt"
	"strings"
)

// capture keeps the first and the last part of what is written to it, in
// memory that does not grow with the amount.
type capture struct {
	head    []byte
	tail    []byte // a ring once it is full
	next    int    // where the ring's oldest byte is
	limit   int    // of each part
	written int64
}

func newCapture(limit int) *capture { return &capture{limit: max(1, limit/2)} }

// Write never fails.
func (c *capture) Write(p []byte) (int, error) {
	n := len(p)
	c.written += int64(n)
	if room := c.limit - len(c.head); room > 0 {
		kept := min(room, len(p))
		c.head = append(c.head, p[:kept]...)
		p = p[kept:]
	}
	if len(p) > c.limit {
		p = p[len(p)-c.limit:]
	}
	if room := c.limit - len(c.tail); room > 0 {
		kept := min(room, len(p))
		c.tail = append(c.tail, p[:kept]...)
		p = p[kept:]
	}
	for len(p) > 0 {
		kept := copy(c.tail[c.next:], p)
		c.next = (c.next + kept) % c.limit
		p = p[kept:]
	}
	return n, nil
}

// String is what was kept, with a line that says how much was left out between.
func (c *capture) String() string {
	var b strings.Builder
	b.Write(c.head)
	if left := c.written - int64(len(c.head)) - int64(len(c.tail)); left > 0 {
		fmt.Fprintf(&b, "\n[%d bytes left out]\n", left)
	}
	b.Write(c.tail[c.next:])
	b.Write(c.tail[:c.next])
	return b.String()
}
