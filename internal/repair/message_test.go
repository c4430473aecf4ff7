package repair

import "testing"

func TestSubjectsReachNobody(t *testing.T) {
	t.Parallel()
	f := func(subject, want string) {
		t.Helper()
		if got := revertSubject(subject); got != want {
			t.Errorf("revertSubject(%q) = %q, want %q", subject, got, want)
		}
	}
	f("prices: count from the end", `Revert "prices: count from the end"`)
	f("fix it, fixes #12 (@ada)", "Revert \"fix it, fixes #\u200b12 (@\u200bada)\"")
	f("closes GH-7 and https://x.example/1", "Revert \"closes GH-\u200b7 and https:\u200b//x.example/1\"")
	f("prices:count", `Revert "prices:count"`)
	f("see !4, a # b, c@d", "Revert \"see !\u200b4, a # b, c@\u200bd\"")
}
