package binder_test

import (
	"net"
	"reflect"
	"strings"
	"testing"

	"github.com/go-viper/mapstructure/v2"

	"github.com/confsync/confsync/binder"
)

// TestHookForms: every form of a hook that mapstructure takes is taken, whether
// it has mapstructure's type or its own, and nothing else is.
func TestHookForms(t *testing.T) {
	type named func(from, to reflect.Kind, data any) (any, error)
	double := func(data any) any {
		text, _ := data.(string)
		return text + text
	}
	byType := func(_, _ reflect.Type, data any) (any, error) { return double(data), nil }
	byKind := func(_, _ reflect.Kind, data any) (any, error) { return double(data), nil }
	byValue := func(from, _ reflect.Value) (any, error) { return double(from.Interface()), nil }
	asValue := func(from, _ reflect.Value) (any, error) { return reflect.ValueOf(double(from.Interface())), nil }
	for name, hook := range map[string]any{
		"types": byType, "kinds": byKind, "values": byValue, "a value of a value": asValue, "a type of its own": named(byKind),
		"mapstructure's": mapstructure.DecodeHookFunc(byType), "of types": mapstructure.DecodeHookFuncType(byType),
		"of kinds": mapstructure.DecodeHookFuncKind(byKind), "of values": mapstructure.DecodeHookFuncValue(byValue),
		"composed": mapstructure.ComposeDecodeHookFunc(byType), "or": mapstructure.OrComposeDecodeHookFunc(byKind),
	} {
		t.Run(name, func(t *testing.T) {
			testGood(t, []good{{"one", kv{"v", "ab"}, one[string]{"abab"}}}, hook)
			testGood(t, []good{{"two in turn", kv{"v", "ab"}, one[string]{"abababab"}}}, hook, hook)
		})
	}
	var none func(from, to reflect.Type, data any) (any, error)
	for _, hook := range []any{nil, "hook", 1, none, func() {}, func(string) (any, error) { return nil, nil }} {
		if _, err := binder.New(typeOf[one[string]](), byType, hook); err == nil || !strings.Contains(err.Error(), "decode hook 1") {
			t.Errorf("%T: error %v", hook, err)
		}
	}
}

// FuzzHardwareAddr: what fills a net.HardwareAddr is what net.ParseMAC reads.
func FuzzHardwareAddr(f *testing.F) {
	for _, text := range []string{
		"00:00:5e:00:53:01", "02-00-5E-10-00-00-00-01", "0000.5e00.5301", "0200.5e10.0000.0001", "00:00:5e", "0:00:5e:00:53:01:1",
		"00:00:00:00:fe:80:00:00:00:00:00:00:02:00:5e:10:00:00:00:01", "0000.0000.fe80.0000.0000.0000.0200.5e10.0000.0001",
		"00:00-5e:00:53:01", "00.00.5e.00.53.01", "00:0.5e00.5301", "", "abcde", "00:00:5e:00:53:0g", "+0:00:5e:00:53:01", "00:00:5e:00:53:01:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := net.ParseMAC(strings.TrimSpace(text))
		got, problems := valueOf(t, typeOf[one[net.HardwareAddr]](), kv{"v", text})
		switch {
		case (err == nil) != (len(problems) == 0):
			t.Errorf("%q: problems %v, net says %v", text, problems, err)
		case err == nil && got.(one[net.HardwareAddr]).V.String() != want.String():
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	})
}
