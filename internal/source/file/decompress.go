package file

import (
	"bufio"
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Magic numbers: RFC 1952 section 2.3.1, RFC 8878 section 3.1.1.
var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

// maxWindow bounds the memory that a zstd frame may ask for: what "zstd --long" uses.
const maxWindow = 128 << 20

// packedBuffer is the buffer in front of a decompressor.
const packedBuffer = 128 << 10

// decompress unpacks gzip and zstd, told by their first bytes whatever the file is
// called, ahead of who reads the text.
func decompress(in io.Reader) (io.ReadCloser, error) {
	head := make([]byte, 4)
	n, err := io.ReadFull(in, head)
	head = head[:n]
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	rest := io.MultiReader(bytes.NewReader(head), in)
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		z, err := gzip.NewReader(bufio.NewReaderSize(rest, packedBuffer))
		if err != nil {
			return nil, err
		}
		return unpacked{readAhead(z), z}, nil
	case bytes.HasPrefix(head, zstdMagic):
		d, err := zstd.NewReader(bufio.NewReaderSize(rest, packedBuffer), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		z := d.IOReadCloser()
		return unpacked{readAhead(z), z}, nil
	}
	return io.NopCloser(rest), nil
}

// unpacked is the text of a compressed stream.
type unpacked struct {
	*ahead
	from io.Closer
}

// Close ends the unpacking, then closes what it read from.
func (u unpacked) Close() error {
	u.ahead.Close()
	return u.from.Close()
}
