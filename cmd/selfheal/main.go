// Command selfheal looks after a service once it has been deployed.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"selfheal/internal/cli"
	"selfheal/internal/sandbox"
)

func main() {
	sandbox.Reexec()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, cli.Standard(time.Now))
	stop()
	os.Exit(code)
}
