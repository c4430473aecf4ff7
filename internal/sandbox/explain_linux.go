package sandbox

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	checkHint = "run selfheal sandbox check to see what this machine can do"

	// These settings of Linux distributions keep ordinary users from namespaces.
	settingDebian   = "/proc/sys/kernel/unprivileged_userns_clone"
	settingAppArmor = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
	settingMaximum  = "/proc/sys/user/max_user_namespaces"

	hintAppArmor  = "give selfheal an AppArmor profile that allows userns, or sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0; docs/sandbox.md has both"
	hintContainer = "run selfheal outside of the container, or start the container with --security-opt seccomp=unconfined, apparmor=unconfined and systempaths=unconfined; see docs/sandbox.md"
)

// setting reads a number below /proc/sys; empty when the kernel does not have it.
func setting(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// explainClone says why the kernel gave no namespaces.
func explainClone(err error) error {
	switch {
	case setting(settingDebian) == "0" && os.Geteuid() != 0:
		return &unableError{reason: "kernel.unprivileged_userns_clone is 0", hint: "sudo sysctl -w kernel.unprivileged_userns_clone=1"}
	case setting(settingMaximum) == "0":
		return &unableError{reason: "user.max_user_namespaces is 0", hint: "sudo sysctl -w user.max_user_namespaces=10000"}
	case restrictedByAppArmor():
		return &unableError{reason: "AppArmor keeps unprivileged programs from user namespaces (" + err.Error() + ")", hint: hintAppArmor}
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EINVAL):
		return &unableError{reason: "the kernel or a container refuses new namespaces (" + err.Error() + ")", hint: hintContainer}
	case errors.Is(err, unix.ENOSPC):
		return &unableError{reason: "there are too many user namespaces already (" + err.Error() + ")", hint: "raise user.max_user_namespaces"}
	}
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOMEM) {
		// The machine can confine, only not now: whoever filled it must not win by that.
		return unavailable(err)
	}
	return &unableError{reason: "the sandbox's first process cannot be started (" + err.Error() + ")", hint: checkHint}
}

// explainSetup says why a sandbox could not be built in its namespaces.
func explainSetup(answer report) error {
	e := &unableError{reason: "cannot " + answer.Step + ": " + answer.Error, hint: checkHint}
	switch {
	case restrictedByAppArmor():
		e.reason += " (AppArmor restricts user namespaces)"
		e.hint = hintAppArmor
	case strings.Contains(answer.Error, "mount /proc"):
		e.reason += " (a container hides parts of its own /proc)"
		e.hint = hintContainer
	case strings.Contains(answer.Error, "mount_setattr: "+unix.ENOSYS.Error()):
		e.reason += " (Linux 5.12 is needed)"
		e.hint = "use a newer kernel, or install bubblewrap"
	}
	return e
}

// restrictedByAppArmor tells of Ubuntu's way: namespaces can be made, and then not used.
func restrictedByAppArmor() bool {
	return setting(settingAppArmor) == "1" && os.Geteuid() != 0
}
