package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/doorward/doorward/internal/config"
)

type configCmd struct {
	configured
	Explain bool `help:"Say what each setting means."`
}

// Run prints every setting with its value and origin.
func (c *configCmd) Run(con console) error {
	_, values, err := c.load()
	if err != nil {
		return err
	}
	help := map[string]string{}
	for _, s := range config.Settings() {
		help[s.Key] = s.Help
	}
	w := tabwriter.NewWriter(con.Out, 0, 0, 2, ' ', 0)
	for i, v := range values {
		if c.Explain && help[v.Key] != "" {
			if i > 0 {
				fmt.Fprintln(w)
			}
			fmt.Fprintf(w, "# %s\n", help[v.Key])
		}
		fmt.Fprintf(w, "%s\t= %q\t(%s)\n", v.Key, v.Text, v.Origin)
	}
	return w.Flush()
}
