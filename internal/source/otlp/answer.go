package otlp

import (
	"fmt"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Codes of google.rpc.Code that answers state.
const (
	codeInvalid     = 3
	codeForbidden   = 7
	codeExhausted   = 8
	codeUnavailable = 14
)

// success writes an ExportLogsServiceResponse.
func success(f format, rejected int64) []byte {
	why := fmt.Sprintf("more than %d records in one request: send smaller batches", maxRecords)
	switch {
	case f == formatJSON && rejected == 0:
		return []byte("{}")
	case f == formatJSON:
		return fmt.Appendf(nil, `{"partialSuccess":{"rejectedLogRecords":"%d","errorMessage":"%s"}}`, rejected, why)
	case rejected == 0:
		return nil
	}
	return appendMessage(nil, 1, func(dst []byte) []byte {
		dst = protowire.AppendVarint(protowire.AppendTag(dst, 1, protowire.VarintType), uint64(rejected))
		return appendText(dst, 2, why)
	})
}

// status writes a google.rpc.Status.
func status(f format, code int, message string) []byte {
	if f == formatJSON {
		body := append(strconv.AppendInt([]byte(`{"code":`), int64(code), 10), `,"message":`...)
		return append(appendQuoted(body, []byte(message)), '}')
	}
	body := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(code))
	return appendText(body, 2, message)
}
