package report

// SignatureColumns are the values of a field that a table has a column for, the
// most frequent first.
type SignatureColumns struct {
	Field  string        `json:"field"` // "service" or "revision"
	Values []ColumnValue `json:"columns"`
}

// ColumnValue is one column of counts.
type ColumnValue struct {
	Value   string `json:"value,omitempty"`
	None    bool   `json:"none,omitempty"`   // records that state no value
	Others  bool   `json:"others,omitempty"` // all further values together
	Records int64  `json:"records"`
}

func (v ColumnValue) heading() string {
	switch {
	case v.None:
		return "none"
	case v.Others:
		return "others"
	}
	return shortRevision(oneLine(v.Value, titleLimit))
}

// shortRevision cuts a commit id as git does; anything else stays.
func shortRevision(s string) string {
	const full, short = 40, 10
	if len(s) != full {
		return s
	}
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return s
		}
	}
	return s[:short]
}

// columns gives the counts of the rows, one column per value.
func (t *SignatureColumns) columns(rows []SignatureRow) []gridColumn {
	var columns []gridColumn
	for i, v := range t.Values {
		c := gridColumn{heading: v.heading(), label: v.heading(), right: true}
		for _, row := range rows {
			cell := "-"
			if i < len(row.Counts) && row.Counts[i] != 0 {
				cell = count(row.Counts[i])
			}
			c.add(cell, inkPlain)
		}
		columns = append(columns, c)
	}
	return columns
}
