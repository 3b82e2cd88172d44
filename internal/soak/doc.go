// Package soak holds the test that runs a service over every kind of source at
// once, for as long as CONFSYNC_SOAK says: writers, faults, rejections, vetoes,
// pins, subscriptions that come and go, and the live page open in a browser. It
// stops for a moment again and again, to see that everything has arrived, on the
// page too, and that nothing grows. It is a module of its own for NATS's client and
// what drives the browser.
package soak
