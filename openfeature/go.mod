module github.com/confsync/confsync/openfeature

go 1.26.0

replace github.com/confsync/confsync => ../

require (
	github.com/confsync/confsync v0.0.0-00010101000000-000000000000
	github.com/open-feature/go-sdk v1.17.2
	go.uber.org/goleak v1.3.0
)

require (
	github.com/agnivade/levenshtein v1.2.2 // indirect
	github.com/cenkalti/backoff/v4 v4.3.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/go-viper/mapstructure/v2 v2.5.0 // indirect
	go.uber.org/mock v0.6.0 // indirect
)
