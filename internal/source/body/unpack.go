package body

import (
	"io"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
)

// maxWindow bounds the memory that a zstd frame may ask for: RFC 8878 recommends that 8 MiB be supported.
const maxWindow = 8 << 20

// unpackers keeps decompressors for further requests.
type unpackers struct{ gzip, zstd sync.Pool }

// open gives the text of a body. done must be called when it was read.
func (u *unpackers) open(body io.Reader, encoding string) (text io.Reader, done func(), err error) {
	none := func() {}
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, none, nil
	case "gzip":
		z, ok := u.gzip.Get().(*gzip.Reader)
		if !ok {
			z = new(gzip.Reader)
		}
		if err := z.Reset(body); err != nil {
			return nil, none, err
		}
		return z, func() { u.gzip.Put(z) }, nil
	case "deflate": // of RFC 9110, which is zlib
		z, err := zlib.NewReader(body)
		return z, none, err
	case "zstd":
		z, ok := u.zstd.Get().(*zstd.Decoder)
		if !ok {
			z, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
			if err != nil {
				return nil, none, err
			}
		}
		if err := z.Reset(body); err != nil {
			return nil, none, err
		}
		return z, func() {
			_ = z.Reset(nil) // lets go of the body
			u.zstd.Put(z)
		}, nil
	}
	return nil, none, ErrEncoding
}
