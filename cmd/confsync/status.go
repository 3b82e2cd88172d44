package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/confsync/confsync/source"
)

func (a *app) status() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how each source stands",
		Long:  "Status opens the sources and tells how each of them stands. It exits with 1\nwhen one of them can't be reached or used.",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.open(cmd.Context())
			if err != nil {
				return unusable(err)
			}
			defer cfg.Close()
			status := cfg.Status()
			if asJSON {
				enc := json.NewEncoder(a.out)
				enc.SetIndent("", "  ")
				err = enc.Encode(status)
			} else {
				_, err = fmt.Fprint(a.out, status)
			}
			for _, s := range status.Sources {
				if err == nil && (s.State != source.Live || s.Err != nil) {
					return exit{exitNo, nil}
				}
			}
			return err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as a JSON object")
	return cmd
}
