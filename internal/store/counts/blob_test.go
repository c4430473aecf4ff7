package counts

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"selfheal"
)

func decodeAll(blob []byte) ([]Item, error) {
	var items []Item
	err := Decode(blob, func(item Item) error {
		item.Counts = append([]selfheal.Count(nil), item.Counts...)
		items = append(items, item)
		return nil
	})
	return items, err
}

func drawItems(t *rapid.T) []Item {
	var items []Item
	number := int64(-1)
	for range rapid.IntRange(0, 5).Draw(t, "items") {
		number += rapid.Int64Range(1, 1<<40).Draw(t, "number")
		item := Item{Number: number}
		minute := int64(-1)
		for minute < 59 && (len(item.Counts) == 0 || rapid.Bool().Draw(t, "more")) {
			minute += rapid.Int64Range(1, 59-minute).Draw(t, "minute")
			item.Counts = append(item.Counts, selfheal.Count{Minute: minute, N: rapid.Int64Range(1, MaxN).Draw(t, "n")})
		}
		if rapid.Bool().Draw(t, "reach") {
			item.Reach = &selfheal.Reach{}
			for range rapid.IntRange(0, 40).Draw(t, "reached") {
				item.Reach.See(rapid.String().Draw(t, "instance"), rapid.String().Draw(t, "trace"))
			}
		}
		items = append(items, item)
	}
	return items
}

func TestEveryItemComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		items := drawItems(t)
		got, err := decodeAll(Encode(items))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(items, got); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

func TestACommonItemTakesTwoBytes(t *testing.T) {
	t.Parallel()
	var items []Item
	for n := range int64(1000) {
		items = append(items, Item{Number: n, Counts: []selfheal.Count{{N: 1 + n%31}}})
	}
	if n := len(Encode(items)); n != 2001 {
		t.Errorf("1,000 signatures take %d bytes, want 2,001", n)
	}
}

func TestDamageIsSaid(t *testing.T) {
	t.Parallel()
	f := func(name string, blob ...byte) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if items, err := decodeAll(blob); !errors.Is(err, ErrDamaged) {
				t.Errorf("error %v, items %v", err, items)
			}
		})
	}
	most := []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}
	f("empty")
	f("unknown version", 2, 1, 4)
	f("cut within a number", 1, 0x80)
	f("no head", 1, 1)
	f("no distance", 1, 0, 4)
	f("count of nothing", 1, 1, 0)
	f("number that is too high", append([]byte{1}, append(most, 4)...)...)
	f("count that is too high", append([]byte{1, 1}, most...)...)
	f("no counts", 1, 1, headMany)
	f("more counts than minutes", 1, 1, 61<<headBits|headMany, 0x01)
	f("minute 60", 1, 1, 1<<headBits|headMany, 61, 1)
	f("counts that are not there", 1, 1, 2<<headBits|headMany, 1, 1)
	f("a zero among counts", 1, 1, 1<<headBits|headMany, 1, 0)
	f("hashes that are not there", append([]byte{1, 1, 1<<headBits | headReach}, most...)...)
	f("hashes that do not ascend", 1, 1, 1<<headBits|headReach, 2, 5, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0)
	f("numbers beyond the last", append(append([]byte{1}, Encode([]Item{{Number: MaxN - 1, Counts: []selfheal.Count{{N: 1}}}})[1:]...), append(most[:8:8], 0x7f, 4)...)...)
}

func TestHours(t *testing.T) {
	t.Parallel()
	for minute, want := range map[int64]int64{0: 0, 59: 0, 60: 60, -1: -60, -60: -60, -61: -120, math.MaxInt64: math.MaxInt64 - 7} {
		if got := HourOf(minute); got != want {
			t.Errorf("hour of %d is %d, want %d", minute, got, want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(nil))
	f.Add(Encode([]Item{{Number: 0, Counts: []selfheal.Count{{N: 1}}}, {Number: 300, Counts: []selfheal.Count{{Minute: 3, N: 200}, {Minute: 59, N: 1}}}}))
	f.Add(Encode([]Item{{Number: 7, Counts: []selfheal.Count{{N: 5}}, Reach: &selfheal.Reach{Instances: selfheal.Distinct{1, 2}, Traces: selfheal.Distinct{9}}}}))
	f.Add([]byte{1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, blob []byte) {
		items, err := decodeAll(blob)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		// What can be read can be written, and reads as the same.
		again, err := decodeAll(Encode(items))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(items, again); diff != "" {
			t.Fatalf("-want +got:\n%s", diff)
		}
	})
}

// FuzzFold adds a hostile row to good ones.
func FuzzFold(f *testing.F) {
	f.Add(Encode([]Item{{Number: 1, Counts: []selfheal.Count{{N: 1}}}}), []byte(`{"s":1,"r":5,"f":[1,2],"z":["Z"]}`), int64(60))
	f.Add([]byte{1}, []byte(`{`), int64(-1))
	f.Add([]byte{1, 9, 4}, []byte(`{"f":[9223372036854775807,-1]}`), int64(0))
	f.Fuzz(func(t *testing.T, blob, coverage []byte, minute int64) {
		minute %= 1 << 40
		row := Row{Minute: minute, Writer: "a", Counts: blob, Coverage: coverage}
		fold := NewFold(-1<<41, 1<<41, []selfheal.SignatureID{"", "g2-1"})
		err := fold.Add(row)
		_ = fold.Counted()
		merged, mergeErr := MergeHour(HourOf(minute), []Row{row}, func(int64) *selfheal.Signature { return nil })
		for _, e := range []error{err, mergeErr} {
			if e != nil && !errors.Is(e, ErrDamaged) {
				t.Fatal(e)
			}
		}
		if err != nil {
			return
		}
		again := NewFold(-1<<41, 1<<41, []selfheal.SignatureID{"", "g2-1"})
		for _, row := range merged {
			if err := again.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(fold.Counted()[0].Counts.Records, again.Counted()[0].Counts.Records); diff != "" {
			t.Fatalf("merging changed the sum:\n%s", diff)
		}
	})
}
