package openfeature

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	of "github.com/open-feature/go-sdk/openfeature"
)

// BooleanEvaluation returns a flag that is a bool, or a text that says one.
func (p *Provider) BooleanEvaluation(_ context.Context, flag string, otherwise bool, _ of.FlattenedContext) of.BoolResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (bool, bool) {
		switch v.Kind() {
		case reflect.Bool:
			return v.Bool(), true
		case reflect.String:
			b, err := strconv.ParseBool(strings.TrimSpace(v.String()))
			return b, err == nil
		}
		return false, false
	})
}

// StringEvaluation returns a flag that is a string.
func (p *Provider) StringEvaluation(_ context.Context, flag string, otherwise string, _ of.FlattenedContext) of.StringResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (string, bool) {
		return v.String(), v.Kind() == reflect.String
	})
}

// FloatEvaluation returns a flag that is a number, or a text that says one.
func (p *Provider) FloatEvaluation(_ context.Context, flag string, otherwise float64, _ of.FlattenedContext) of.FloatResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (float64, bool) {
		switch {
		case v.CanFloat():
			return v.Float(), true
		case v.CanInt():
			return float64(v.Int()), true
		case v.CanUint():
			return float64(v.Uint()), true
		case v.Kind() == reflect.String:
			f, err := strconv.ParseFloat(strings.TrimSpace(v.String()), 64)
			return f, err == nil
		}
		return 0, false
	})
}

// IntEvaluation returns a flag that is a whole number, or a text that says one.
func (p *Provider) IntEvaluation(_ context.Context, flag string, otherwise int64, _ of.FlattenedContext) of.IntResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (int64, bool) {
		switch {
		case v.CanInt():
			return v.Int(), true
		case v.CanUint() && v.Uint() <= math.MaxInt64:
			return int64(v.Uint()), true
		case v.CanFloat() && v.Float() == math.Trunc(v.Float()) && math.Abs(v.Float()) < 1<<63:
			return int64(v.Float()), true
		case v.Kind() == reflect.String:
			i, err := strconv.ParseInt(strings.TrimSpace(v.String()), 10, 64)
			return i, err == nil
		}
		return 0, false
	})
}

// ObjectEvaluation returns a flag of any kind, as it is. It must not be written
// to.
func (p *Provider) ObjectEvaluation(_ context.Context, flag string, otherwise any, _ of.FlattenedContext) of.InterfaceResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (any, bool) { return v.Interface(), true })
}

// evaluate returns a flag as a type, or else what the caller gave, with the
// reason: there is no such flag, or it is of another kind or null, or the program's
// own function panics.
func evaluate[R any](p *Provider, flag string, otherwise R, as func(reflect.Value) (R, bool)) (d of.GenericResolutionDetail[R]) {
	defer func() {
		if recover() != nil { // what it says may be a secret
			d = failed(otherwise, of.NewGeneralResolutionError("the function that picks the flags panicked"))
		}
	}()
	value, ok := p.flag(flag)
	if !ok {
		return failed(otherwise, of.NewFlagNotFoundResolutionError(fmt.Sprintf("there is no flag %q", flag)))
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if v.IsValid() {
		if result, ok := as(v); ok {
			return of.GenericResolutionDetail[R]{Value: result, ProviderResolutionDetail: of.ProviderResolutionDetail{Reason: of.StaticReason}}
		}
	}
	return failed(otherwise, of.NewTypeMismatchResolutionError(fmt.Sprintf("flag %q is a %T", flag, value)))
}

func failed[R any](otherwise R, err of.ResolutionError) of.GenericResolutionDetail[R] {
	return of.GenericResolutionDetail[R]{
		Value:                    otherwise,
		ProviderResolutionDetail: of.ProviderResolutionDetail{Reason: of.ErrorReason, ResolutionError: err},
	}
}

// equal reports whether a flag has the same value as before.
func equal[V any](a, b V) bool { return reflect.DeepEqual(a, b) }
