package openfeature

import (
	"context"
	"fmt"
	"math"
	"reflect"

	of "github.com/open-feature/go-sdk/openfeature"
)

// BooleanEvaluation returns a flag that is a bool.
func (p *Provider) BooleanEvaluation(_ context.Context, flag string, otherwise bool, _ of.FlattenedContext) of.BoolResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (bool, bool) {
		if v.Kind() != reflect.Bool {
			return false, false
		}
		return v.Bool(), true
	})
}

// StringEvaluation returns a flag that is a string.
func (p *Provider) StringEvaluation(_ context.Context, flag string, otherwise string, _ of.FlattenedContext) of.StringResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (string, bool) {
		return v.String(), v.Kind() == reflect.String
	})
}

// FloatEvaluation returns a flag that is a number.
func (p *Provider) FloatEvaluation(_ context.Context, flag string, otherwise float64, _ of.FlattenedContext) of.FloatResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (float64, bool) {
		switch {
		case v.CanFloat():
			return v.Float(), true
		case v.CanInt():
			return float64(v.Int()), true
		case v.CanUint():
			return float64(v.Uint()), true
		}
		return 0, false
	})
}

// IntEvaluation returns a flag that is a whole number.
func (p *Provider) IntEvaluation(_ context.Context, flag string, otherwise int64, _ of.FlattenedContext) of.IntResolutionDetail {
	return evaluate(p, flag, otherwise, func(v reflect.Value) (int64, bool) {
		switch {
		case v.CanInt():
			return v.Int(), true
		case v.CanUint() && v.Uint() <= math.MaxInt64:
			return int64(v.Uint()), true
		case v.CanFloat() && v.Float() == math.Trunc(v.Float()) && math.Abs(v.Float()) < 1<<63:
			return int64(v.Float()), true
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
// reason: there is no such flag, or it is of another kind.
func evaluate[R any](p *Provider, flag string, otherwise R, as func(reflect.Value) (R, bool)) of.GenericResolutionDetail[R] {
	value, ok := p.flag(flag)
	if !ok {
		return failed(otherwise, of.NewFlagNotFoundResolutionError(fmt.Sprintf("there is no flag %q", flag)))
	}
	v := reflect.ValueOf(value)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
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
