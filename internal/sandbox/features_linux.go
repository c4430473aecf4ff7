package sandbox

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// features are what this kernel and system offer, before anything is tried.
func features() []Feature {
	var name unix.Utsname
	_ = unix.Uname(&name) // never fails
	kernel := unix.ByteSliceToString(name.Release[:])
	return []Feature{
		{"kernel", kernelAtLeast(5, 12), "Linux " + kernel + "; 5.12 is needed"},
		userNamespaces(),
		{"Landlock", landlockVersion() >= landlockNeeded, fmt.Sprintf("version %d; %d is needed", landlockVersion(), landlockNeeded)},
		{"system call filter", seccompSupported, "on " + runtime.GOARCH},
		overlayFeature(),
		{"limit on processes of root", kernelAtLeast(6, 14), "by the kernel since Linux 6.14, else by watching"},
		program("bubblewrap", "bwrap"),
		program("docker", "docker"),
	}
}

func userNamespaces() Feature {
	f := Feature{Name: "user namespaces", Available: true, Why: "no setting forbids them"}
	switch {
	case setting(settingMaximum) == "0":
		f.Available, f.Why = false, "user.max_user_namespaces is 0"
	case setting(settingDebian) == "0" && os.Geteuid() != 0:
		f.Available, f.Why = false, "kernel.unprivileged_userns_clone is 0"
	case restrictedByAppArmor():
		f.Available, f.Why = false, "kernel.apparmor_restrict_unprivileged_userns is 1"
	}
	return f
}

func overlayFeature() Feature {
	f := Feature{Name: "overlay file system", Why: "caches are shown copy-on-write; without it they are empty"}
	text, err := os.ReadFile("/proc/filesystems")
	f.Available = err == nil && strings.Contains(string(text), "\toverlay\n")
	return f
}

func program(name, command string) Feature {
	path, err := exec.LookPath(command)
	if err != nil {
		return Feature{Name: name, Why: command + " is not on PATH"}
	}
	return Feature{Name: name, Available: true, Why: path}
}

// confinementOf is how Result names what a rung does.
func confinementOf(rung string) string {
	switch {
	case rung != "namespaces":
		return rung
	case landlockVersion() >= landlockNeeded:
		return ConfinementLandlock
	}
	return ConfinementNamespaces
}
