// Package soak holds the test that runs a service over every kind of source at
// once, for as long as CONFSYNC_SOAK says: writers, faults, rejections, vetoes,
// pins, subscriptions that come and go, and a page that is open. It stops for a
// moment again and again, to see that everything has arrived and that nothing
// grows.
package soak
