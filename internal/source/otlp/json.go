package otlp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// The JSON of OTLP is not quite that of protobuf: ids are in hexadecimal. Unknown
// fields are ignored, numbers may be strings.
type (
	jsonRequest struct {
		ResourceLogs []jsonResourceLogs `json:"resourceLogs"`
	}
	jsonResourceLogs struct {
		Resource struct {
			Attributes []jsonPair `json:"attributes"`
		} `json:"resource"`
		ScopeLogs []struct {
			LogRecords []jsonRecord `json:"logRecords"`
		} `json:"scopeLogs"`
	}
	jsonRecord struct {
		Time         jsonNumber `json:"timeUnixNano"`
		Observed     jsonNumber `json:"observedTimeUnixNano"`
		Severity     jsonNumber `json:"severityNumber"`
		SeverityText string     `json:"severityText"`
		Body         *jsonValue `json:"body"`
		Attributes   []jsonPair `json:"attributes"`
		TraceID      string     `json:"traceId"`
		EventName    string     `json:"eventName"`
	}
	jsonPair struct {
		Key   string     `json:"key"`
		Value *jsonValue `json:"value"`
	}
	jsonValue struct {
		String *string     `json:"stringValue"`
		Bool   *bool       `json:"boolValue"`
		Int    *jsonNumber `json:"intValue"`
		Double *jsonDouble `json:"doubleValue"`
		Array  *struct {
			Values []jsonValue `json:"values"`
		} `json:"arrayValue"`
		List *struct {
			Values []jsonPair `json:"values"`
		} `json:"kvlistValue"`
		Bytes []byte `json:"bytesValue"`
	}
)

// jsonNumber is a 64-bit integer, signed or not, as its bits.
type jsonNumber uint64

// UnmarshalJSON takes a number or a string that holds one.
func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	b = bytes.Trim(b, `"`)
	if len(b) == 0 || string(b) == "null" {
		return nil
	}
	if v, err := strconv.ParseUint(string(b), 10, 64); err == nil {
		*n = jsonNumber(v)
		return nil
	}
	if v, err := strconv.ParseInt(string(b), 10, 64); err == nil {
		*n = jsonNumber(v)
		return nil
	}
	v, err := strconv.ParseFloat(string(b), 64) // some write 1.7e18
	if err != nil || math.IsNaN(v) || v < 0 || v >= math.MaxInt64 {
		return fmt.Errorf("%.32q is no integer", b)
	}
	*n = jsonNumber(v)
	return nil
}

// jsonDouble is a number, which may be written as "NaN".
type jsonDouble float64

// UnmarshalJSON takes a number or a string that holds one.
func (d *jsonDouble) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(string(bytes.Trim(b, `"`)), 64)
	if err != nil {
		return fmt.Errorf("%.32q is no number", b)
	}
	*d = jsonDouble(v)
	return nil
}

// fromJSON gives a request as protobuf, so that both are read by the same code.
func fromJSON(body []byte) ([]byte, error) {
	var request jsonRequest
	if err := json.Unmarshal(body, &request); err != nil {
		return nil, err
	}
	var out []byte
	for i := range request.ResourceLogs {
		out = appendMessage(out, requestResourceLogs, request.ResourceLogs[i].append)
	}
	return out, nil
}

// appendMessage writes a field whose content content appends.
func appendMessage(dst []byte, number protowire.Number, content func([]byte) []byte) []byte {
	dst = protowire.AppendTag(dst, number, protowire.BytesType)
	return protowire.AppendBytes(dst, content(nil))
}

func appendText(dst []byte, number protowire.Number, text string) []byte {
	if text == "" {
		return dst
	}
	return protowire.AppendString(protowire.AppendTag(dst, number, protowire.BytesType), text)
}

func (l *jsonResourceLogs) append(dst []byte) []byte {
	dst = appendMessage(dst, resourceLogsResource, func(dst []byte) []byte {
		return appendPairs(dst, resourceAttributes, l.Resource.Attributes)
	})
	for i := range l.ScopeLogs {
		dst = appendMessage(dst, resourceLogsScopeLogs, func(dst []byte) []byte {
			for k := range l.ScopeLogs[i].LogRecords {
				dst = appendMessage(dst, scopeLogsRecords, l.ScopeLogs[i].LogRecords[k].append)
			}
			return dst
		})
	}
	return dst
}

func (r *jsonRecord) append(dst []byte) []byte {
	dst = protowire.AppendFixed64(protowire.AppendTag(dst, recordTime, protowire.Fixed64Type), uint64(r.Time))
	dst = protowire.AppendFixed64(protowire.AppendTag(dst, recordObserved, protowire.Fixed64Type), uint64(r.Observed))
	dst = protowire.AppendVarint(protowire.AppendTag(dst, recordSeverityNumber, protowire.VarintType), uint64(r.Severity))
	dst = appendText(dst, recordSeverityText, r.SeverityText)
	dst = appendText(dst, recordEventName, r.EventName)
	if id, err := hex.DecodeString(r.TraceID); err == nil && len(id) > 0 {
		dst = protowire.AppendBytes(protowire.AppendTag(dst, recordTraceID, protowire.BytesType), id)
	}
	if r.Body != nil {
		dst = appendMessage(dst, recordBody, r.Body.append)
	}
	return appendPairs(dst, recordAttributes, r.Attributes)
}

func appendPairs(dst []byte, number protowire.Number, pairs []jsonPair) []byte {
	for i := range pairs {
		dst = appendMessage(dst, number, func(dst []byte) []byte {
			dst = appendText(dst, pairKey, pairs[i].Key)
			if v := pairs[i].Value; v != nil {
				dst = appendMessage(dst, pairValue, v.append)
			}
			return dst
		})
	}
	return dst
}

func (v *jsonValue) append(dst []byte) []byte {
	switch {
	case v.String != nil:
		return protowire.AppendString(protowire.AppendTag(dst, valueString, protowire.BytesType), *v.String)
	case v.Bool != nil:
		return protowire.AppendVarint(protowire.AppendTag(dst, valueBool, protowire.VarintType), protowire.EncodeBool(*v.Bool))
	case v.Int != nil:
		return protowire.AppendVarint(protowire.AppendTag(dst, valueInt, protowire.VarintType), uint64(*v.Int))
	case v.Double != nil:
		return protowire.AppendFixed64(protowire.AppendTag(dst, valueDouble, protowire.Fixed64Type), math.Float64bits(float64(*v.Double)))
	case v.Array != nil:
		return appendMessage(dst, valueArray, func(dst []byte) []byte {
			for i := range v.Array.Values {
				dst = appendMessage(dst, listValues, v.Array.Values[i].append)
			}
			return dst
		})
	case v.List != nil:
		return appendMessage(dst, valueList, func(dst []byte) []byte { return appendPairs(dst, listValues, v.List.Values) })
	case v.Bytes != nil:
		return protowire.AppendBytes(protowire.AppendTag(dst, valueBytes, protowire.BytesType), v.Bytes)
	}
	return dst
}
