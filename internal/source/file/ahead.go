package file

import (
	"io"
	"sync"
)

// Read-ahead buffers: as many as keep both sides busy when one of them pauses.
const (
	aheadBuffers = 4
	aheadSize    = 128 << 10
)

// ahead reads from another reader in a goroutine of its own, so that unpacking
// and what is done with the text take place at the same time. It holds at most
// aheadBuffers buffers.
type ahead struct {
	full  chan block
	empty chan []byte
	stop  chan struct{}
	done  sync.WaitGroup

	block block // being read
	rest  []byte
}

// block is what one Read gave.
type block struct {
	buffer []byte
	n      int
	err    error
}

// readAhead begins to read. Close ends it; in is not used after that.
func readAhead(in io.Reader) *ahead {
	a := &ahead{full: make(chan block, aheadBuffers), empty: make(chan []byte, aheadBuffers), stop: make(chan struct{})}
	for range aheadBuffers {
		a.empty <- make([]byte, aheadSize)
	}
	a.done.Go(func() { a.fill(in) })
	return a
}

func (a *ahead) fill(in io.Reader) {
	for {
		select {
		case <-a.stop:
			return
		case buffer := <-a.empty:
			n, err := in.Read(buffer)
			a.full <- block{buffer, n, err}
			if err != nil {
				return
			}
		}
	}
}

// Read gives what was read ahead; the reader's error comes behind its last byte.
func (a *ahead) Read(b []byte) (int, error) {
	for len(a.rest) == 0 {
		if a.block.err != nil {
			return 0, a.block.err
		}
		if a.block.buffer != nil {
			a.empty <- a.block.buffer
		}
		a.block = <-a.full
		a.rest = a.block.buffer[:a.block.n]
	}
	n := copy(b, a.rest)
	a.rest = a.rest[n:]
	return n, nil
}

// Close stops reading and waits until the reader is no longer used.
func (a *ahead) Close() {
	close(a.stop)
	a.done.Wait()
}
