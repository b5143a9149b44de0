// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

package sallyport

import (
	"errors"
	"runtime"
)

// LogWrite is `write` of `log`.
func LogWrite(level Level, message string) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(12)
	store[Level](m, area+0, level)
	writeString(m, area+4, message)
	importLogWrite(uint32(load[uint8](area+0)), load[uint32](area+4), load[uint32](area+8))
}

// ContextGet is `get` of `context`.
//
// Values that only this plugin sees, shared by the before and after hooks of one request.
func ContextGet(key string) (string, bool) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(20)
	writeString(m, area+0, key)
	importContextGet(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	return optional(readOption(area+8, 4, readString))
}

// ContextSet is `set` of `context`.
func ContextSet(key string, value string) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(16)
	writeString(m, area+0, key)
	writeString(m, area+8, value)
	importContextSet(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12))
}

// ContextGetShared is `get-shared` of `context`.
//
// Values that all plugins of the request see.
func ContextGetShared(key string) (string, bool) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(20)
	writeString(m, area+0, key)
	importContextGetShared(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	return optional(readOption(area+8, 4, readString))
}

// ContextSetShared is `set-shared` of `context`.
func ContextSetShared(key string, value string) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(16)
	writeString(m, area+0, key)
	writeString(m, area+8, value)
	importContextSetShared(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12))
}

// ClockNowMs is `now-ms` of `clock`.
//
// Returns milliseconds since the Unix epoch.
func ClockNowMs() uint64 {
	return importClockNowMs()
}

// ClockMonotonicNs is `monotonic-ns` of `clock`.
//
// Returns nanoseconds since an arbitrary moment; never decreases.
func ClockMonotonicNs() uint64 {
	return importClockMonotonicNs()
}

// RandomBytes is `bytes` of `random`.
//
// Returns at most 65,536 bytes per call.
func RandomBytes(length uint32) []byte {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(16)
	store[uint32](m, area+0, length)
	importRandomBytes(load[uint32](area+0), uint32(area+8))
	defer release()
	return readBytes(area+8)
}

// OutboundHTTPSend is `send` of `outbound-http`.
func OutboundHTTPSend(request HTTPRequest) (HTTPResponse, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(64)
	writeHTTPRequest(m, area+0, request)
	importOutboundHTTPSend(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), load[uint32](area+16), load[uint32](area+20), uint32(load[uint8](area+24)), load[uint32](area+28), load[uint32](area+32), uint32(area+40))
	defer release()
	if load[uint8](area+40) != 0 {
		return HTTPResponse{}, readHTTPError(area+40+4)
	}
	return readHTTPResponse(area+40+4), nil
}

// KVStoreGet is `get` of `kv-store`.
func KVStoreGet(key string) ([]byte, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, key)
	importKVStoreGet(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	if load[uint8](area+8) != 0 {
		return nil, readKVError(area+8+4)
	}
	return readOptionalList(area+8+4, 4, readBytes), nil
}

// KVStoreSet is `set` of `kv-store`.
//
// With `ttl-ms` the value expires after that many milliseconds.
func KVStoreSet(key string, value []byte, ttlMs *uint64) error {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(48)
	writeString(m, area+0, key)
	writeBytes(m, area+8, value)
	writeOption(m, area+16, ttlMs, 8, store[uint64])
	importKVStoreSet(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), uint32(load[uint8](area+16)), load[uint64](area+24), uint32(area+32))
	defer release()
	if load[uint8](area+32) != 0 {
		return readKVError(area+32+4)
	}
	return nil
}

// KVStoreDelete is `delete` of `kv-store`.
//
// Returns whether the key existed.
func KVStoreDelete(key string) (bool, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, key)
	importKVStoreDelete(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	if load[uint8](area+8) != 0 {
		return false, readKVError(area+8+4)
	}
	return load[bool](area+8+4), nil
}

// KVStoreList is `list` of `kv-store`.
//
// Lists keys with this prefix that sort after `after`, in byte order; at most 1,000.
func KVStoreList(prefix string, after *string, limit uint32) ([]string, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(40)
	writeString(m, area+0, prefix)
	writeOption(m, area+8, after, 4, writeString)
	store[uint32](m, area+20, limit)
	importKVStoreList(load[uint32](area+0), load[uint32](area+4), uint32(load[uint8](area+8)), load[uint32](area+12), load[uint32](area+16), load[uint32](area+20), uint32(area+24))
	defer release()
	if load[uint8](area+24) != 0 {
		return nil, readKVError(area+24+4)
	}
	return readList(area+24+4, 8, readString), nil
}

// KVStoreCompareAndSet is `compare-and-set` of `kv-store`.
//
// Sets the value if the current one is `expected` (`none`: if there is no value), and returns whether it did.
func KVStoreCompareAndSet(key string, expected []byte, value []byte, ttlMs *uint64) (bool, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(64)
	writeString(m, area+0, key)
	writeOptionalList(m, area+8, expected, 4, writeBytes)
	writeBytes(m, area+20, value)
	writeOption(m, area+32, ttlMs, 8, store[uint64])
	importKVStoreCompareAndSet(load[uint32](area+0), load[uint32](area+4), uint32(load[uint8](area+8)), load[uint32](area+12), load[uint32](area+16), load[uint32](area+20), load[uint32](area+24), uint32(load[uint8](area+32)), load[uint64](area+40), uint32(area+48))
	defer release()
	if load[uint8](area+48) != 0 {
		return false, readKVError(area+48+4)
	}
	return load[bool](area+48+4), nil
}

// KVStoreIncrement is `increment` of `kv-store`.
//
// Adds to a number, stored as decimal text and initially 0, and returns the sum. `ttl-ms` counts from the first
// addition, like the window of a rate limit.
func KVStoreIncrement(key string, by int64, ttlMs *uint64) (int64, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(56)
	writeString(m, area+0, key)
	store[int64](m, area+8, by)
	writeOption(m, area+16, ttlMs, 8, store[uint64])
	importKVStoreIncrement(load[uint32](area+0), load[uint32](area+4), load[int64](area+8), uint32(load[uint8](area+16)), load[uint64](area+24), uint32(area+32))
	defer release()
	if load[uint8](area+32) != 0 {
		return 0, readKVError(area+32+8)
	}
	return load[int64](area+32+8), nil
}

// SecretStoreGet is `get` of `secret-store`.
//
// Returns the value. Prefer `reference`.
func SecretStoreGet(name string) (string, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, name)
	importSecretStoreGet(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	if load[uint8](area+8) != 0 {
		return "", readSecretError(area+8+4)
	}
	return readString(area+8+4), nil
}

// SecretStoreReference is `reference` of `secret-store`.
//
// Returns a placeholder to write into a header of an outbound request, for example after `Bearer `. The gateway replaces
// it with the value if the grant allows it.
func SecretStoreReference(name string) (string, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, name)
	importSecretStoreReference(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	if load[uint8](area+8) != 0 {
		return "", readSecretError(area+8+4)
	}
	return readString(area+8+4), nil
}

// MetricsCount is `count` of `metrics`.
//
// Adds to a counter; `by` must not be negative.
func MetricsCount(name string, labels Labels, by float64) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, name)
	writeList(m, area+8, labels, 16, func(m *memory, at address, value [2]string) { writeString(m, at+0, value[0]); writeString(m, at+8, value[1]) })
	store[float64](m, area+16, by)
	importMetricsCount(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), load[float64](area+16))
}

// MetricsGauge is `gauge` of `metrics`.
func MetricsGauge(name string, labels Labels, value float64) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, name)
	writeList(m, area+8, labels, 16, func(m *memory, at address, value [2]string) { writeString(m, at+0, value[0]); writeString(m, at+8, value[1]) })
	store[float64](m, area+16, value)
	importMetricsGauge(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), load[float64](area+16))
}

// MetricsObserve is `observe` of `metrics`.
//
// Records a value in a histogram.
func MetricsObserve(name string, labels Labels, value float64) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(24)
	writeString(m, area+0, name)
	writeList(m, area+8, labels, 16, func(m *memory, at address, value [2]string) { writeString(m, at+0, value[0]); writeString(m, at+8, value[1]) })
	store[float64](m, area+16, value)
	importMetricsObserve(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), load[float64](area+16))
}

// AuditWrite is `write` of `audit`.
//
// `event` is a stable name such as `email_redacted`; `details` is a JSON object, as text. The error says what is invalid,
// or that this hook call has written more than one call may.
func AuditWrite(event string, details string) error {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(28)
	writeString(m, area+0, event)
	writeString(m, area+8, details)
	importAuditWrite(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), uint32(area+16))
	defer release()
	if load[uint8](area+16) != 0 {
		return errors.New(readString(area+16+4))
	}
	return nil
}

// RequestHeadersGet is `get` of `request-headers`.
//
// Returns a header of the client's request; `none` if it is absent or not granted.
func RequestHeadersGet(name string) (string, bool) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(20)
	writeString(m, area+0, name)
	importRequestHeadersGet(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	return optional(readOption(area+8, 4, readString))
}

// IdentityClaimsGet is `get` of `identity-claims`.
//
// Returns a claim of the authenticated caller, as JSON text; `none` if it is absent or not granted.
func IdentityClaimsGet(name string) (string, bool) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(20)
	writeString(m, area+0, name)
	importIdentityClaimsGet(load[uint32](area+0), load[uint32](area+4), uint32(area+8))
	defer release()
	return optional(readOption(area+8, 4, readString))
}

// ToolCallCall is `call` of `tool-call`.
//
// `name` is the tool's name as clients of the binding know it; `arguments-json` is a JSON object, as text. The result has
// the form that after hooks get; an `opaque` block in it is a block hidden from this plugin.
func ToolCallCall(name string, argumentsJSON string) (ToolResult, error) {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(60)
	writeString(m, area+0, name)
	writeString(m, area+8, argumentsJSON)
	importToolCallCall(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), uint32(area+16))
	defer release()
	if load[uint8](area+16) != 0 {
		return ToolResult{}, readCallError(area+16+4)
	}
	return readToolResult(area+16+4), nil
}

// UpstreamHeadersSet is `set` of `upstream-headers`.
//
// Sets a header, replacing one that the operator or an earlier plugin set. The value may contain references from
// `secret-store.reference`; the gateway replaces them with the secrets when it sends the request.
func UpstreamHeadersSet(name string, value string) error {
	m := &memory{}
	defer runtime.KeepAlive(m)
	area := m.allocate(32)
	writeString(m, area+0, name)
	writeString(m, area+8, value)
	importUpstreamHeadersSet(load[uint32](area+0), load[uint32](area+4), load[uint32](area+8), load[uint32](area+12), uint32(area+16))
	defer release()
	if load[uint8](area+16) != 0 {
		return readHeaderError(area+16+4)
	}
	return nil
}
