package cli_test

// shopCommit is one commit of the sample repository.
type shopCommit struct {
	message, tag string
	files        map[string]string
}

// shopHistory is a small service whose third commit changes the default region to
// one without a price list.
var shopHistory = []shopCommit{
	{
		message: "shop: price lists per region", tag: "v1",
		files: map[string]string{
			"go.mod":                "module example.com/shop\n\ngo 1.21\n",
			"README.md":             "# shop\n",
			"checkout.go":           shopCheckout,
			"prices/prices.go":      shopPrices("eu"),
			"cmd/smoke/main.go":     shopSmoke,
			"docs/operations.md":    "Restart it.\n",
			"prices/prices_test.go": "package prices\n\nimport \"testing\"\n\nfunc TestFind(t *testing.T) {\n\tif _, err := Find(\"us\", \"sku-1\"); err != nil {\n\t\tt.Fatal(err)\n\t}\n}\n",
		},
	},
	{message: "docs: say how to restart", files: map[string]string{"docs/operations.md": "Restart it with the service manager.\n"}},
	{message: "prices: most buy in the web shop", files: map[string]string{"prices/prices.go": shopPrices("web")}},
	{message: "readme: title", tag: "v2", files: map[string]string{"README.md": "# The shop\n"}},
}

const shopCheckout = `package shop

import (
	"log/slog"

	"example.com/shop/prices"
)

// Checkout prices one item for a tenant.
func Checkout(tenantRegion, sku string) (int, error) {
	cents, err := prices.Find(tenantRegion, sku)
	if err != nil {
		slog.Error("checkout failed", "err", err)
		return 0, err
	}
	return cents, nil
}
`

func shopPrices(standard string) string {
	return `package prices

import "fmt"

var lists = map[string]map[string]int{
	"eu": {"sku-1": 100},
	"us": {"sku-1": 120},
}

// Find looks a price up. Tenants without a region of their own buy where most do.
func Find(region, sku string) (int, error) {
	if region == "" {
		region = "` + standard + `"
	}
	cents, ok := lists[region][sku]
	if !ok {
		return 0, fmt.Errorf("no price for %s in region %q", sku, region)
	}
	return cents, nil
}
`
}

const shopSmoke = `package main

import (
	"os"

	"example.com/shop"
)

func main() {
	if _, err := shop.Checkout("", "sku-1"); err != nil {
		os.Exit(1)
	}
}
`
