package modules

import (
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// maxElements is how deep the elements lie that are looked at.
const maxElements = 4

// eachElement calls f with the text of the elements of a document, each with the
// names of the elements that it stands in and its own. What cannot be read ends it.
func eachElement(text []byte, f func(path []string, value string)) {
	decoder := xml.NewDecoder(bytes.NewReader(text))
	// The names that are looked for are the same bytes in whatever charset is declared.
	decoder.CharsetReader = func(_ string, input io.Reader) (io.Reader, error) { return input, nil }
	var open []string
	depth := 0
	value := ""
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return
		}
		switch t := token.(type) {
		case xml.StartElement:
			value = ""
			if depth++; depth <= maxElements {
				open = append(open, t.Name.Local)
			}
		case xml.CharData:
			if depth <= maxElements {
				value = strings.TrimSpace(string(t))
			}
		case xml.EndElement:
			if depth > 0 && depth <= maxElements {
				f(open, value)
				open = open[:len(open)-1]
			}
			depth = max(0, depth-1)
			value = ""
		}
	}
}
