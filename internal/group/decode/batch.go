package decode

// batch walks over the records of one line of OTLP/JSON.
type batch struct {
	resources, scopes, records []byte // what is left of each array
	about                      []byte // the resource, as written
	budget                     int    // bytes of resources that may still be repeated
	out                        []byte
}

// open begins a line; false when it is no batch.
func (o *batch) open(line []byte) bool {
	at := skipSpace(line, 1)
	name, _, next, ok := quoted(line, at)
	if !ok || string(name) != "resourceLogs" && string(name) != "resource_logs" {
		return false
	}
	next = skipSpace(line, next)
	if next >= len(line) || line[next] != ':' {
		return false
	}
	next = skipSpace(line, next+1)
	if next >= len(line) || line[next] != '[' {
		return false
	}
	*o = batch{resources: line[next+1:], budget: 64*len(line) + maxEntry, out: o.out}
	return true
}

// next writes the next record with its resource before its own fields. A record
// that the source cut off in the middle is handed out as it is.
func (o *batch) next() []byte {
	for {
		if record := pop(&o.records); record != nil {
			return o.event(record)
		}
		if scope := pop(&o.scopes); scope != nil {
			o.records = inside(scope, "logRecords", "log_records")
			continue
		}
		resource := pop(&o.resources)
		if resource == nil {
			return nil
		}
		o.scopes, o.about = inside(resource, "scopeLogs", "scope_logs"), memberValue(resource, "resource")
	}
}

func (o *batch) event(record []byte) []byte {
	if record[0] != '{' || len(record) < 2 {
		return record
	}
	o.out = append(o.out[:0], '{')
	if o.budget -= len(o.about); len(o.about) > 0 && o.budget > 0 {
		o.out = append(append(o.out, `"resource":`...), o.about...)
		if i := skipSpace(record, 1); i < len(record) && record[i] != '}' {
			o.out = append(o.out, ',')
		}
	}
	o.out = append(o.out, record[1:]...)
	return o.out
}

// pop takes the first element off what is left of an array; one that is cut off is the last.
func pop(array *[]byte) []byte {
	i := skipComma(*array, 0)
	if i >= len(*array) || (*array)[i] == ']' {
		*array = nil
		return nil
	}
	end := valueEnd(*array, i)
	if end <= i {
		end = len(*array)
	}
	element := (*array)[i:end]
	*array = (*array)[end:]
	return element
}

// inside gives the elements of the array under one of two names in an object, cut off or not.
func inside(object []byte, name, other string) []byte {
	v := memberValue(object, name)
	if v == nil {
		v = memberValue(object, other)
	}
	if len(v) == 0 || v[0] != '[' {
		return nil
	}
	return v[1:]
}

// memberValue gives the value under a name in an object; of an object that is cut off, what is there of it.
func memberValue(object []byte, name string) []byte {
	for i := 1; ; {
		key, _, next, ok := quoted(object, skipComma(object, i))
		if !ok {
			return nil
		}
		next = skipSpace(object, next)
		if next >= len(object) || object[next] != ':' {
			return nil
		}
		i = skipSpace(object, next+1)
		end := valueEnd(object, i)
		if end <= i {
			end = len(object)
		}
		if string(key) == name {
			return object[i:end]
		}
		if i = end; i >= len(object) {
			return nil
		}
	}
}
