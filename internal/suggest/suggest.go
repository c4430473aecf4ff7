// Package suggest says how far apart two words are, for "did you mean" hints.
// In: two words. Out: a distance.
package suggest

// longest bounds the work for words that nobody typed.
const longest = 80

// Distance is the Levenshtein distance of two words in bytes, each cut at 80 bytes.
func Distance(a, b string) int {
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
