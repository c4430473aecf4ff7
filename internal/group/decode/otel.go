package decode

// attributeList reads OpenTelemetry's attributes, [{"key":"a","value":{"stringValue":"b"}}],
// also in the spelling of the Go SDK, [{"Key":"a","Value":{"Type":"STRING","Value":"b"}}].
func (d *Decoder) attributeList(a []byte, l *Line, in space) {
	for element, i := nextElement(a, 1); element != nil; element, i = nextElement(a, i) {
		if element[0] != '{' {
			continue
		}
		key, value := attribute(element)
		if len(key) == 0 || len(value) == 0 {
			continue
		}
		if inner := l.str(value); inner != nil {
			d.set(l, in, key, inner, value[0] == '"')
		}
	}
}

// attribute takes a key and its value, still as written, out of an object.
func attribute(element []byte) (key, value []byte) {
	eachMember(element, func(m member) {
		switch string(m.key) {
		case "key", "Key":
			if len(m.value) > 2 && m.value[0] == '"' {
				key = m.value[1 : len(m.value)-1]
			}
		case "value", "Value":
			value = anyValue(m.value)
		}
	})
	return key, value
}

// anyValue takes the value out of an AnyValue object; what is no such object is the value itself.
func anyValue(v []byte) []byte {
	if v[0] != '{' {
		return v
	}
	inner := v
	eachMember(v, func(m member) {
		switch string(m.key) {
		case "stringValue", "string_value", "intValue", "int_value", "boolValue", "bool_value", "doubleValue", "double_value",
			"arrayValue", "array_value", "kvlistValue", "kvlist_value", "bytesValue", "bytes_value", "Value":
			inner = m.value
		}
	})
	return inner
}
