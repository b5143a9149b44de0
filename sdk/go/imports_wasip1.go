// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

package sallyport

//go:wasmimport sallyport:plugin/log@0.1.0 write
func importLogWrite(p0 uint32, p1 uint32, p2 uint32)

//go:wasmimport sallyport:plugin/context@0.1.0 get
func importContextGet(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/context@0.1.0 set
func importContextSet(p0 uint32, p1 uint32, p2 uint32, p3 uint32)

//go:wasmimport sallyport:plugin/context@0.1.0 get-shared
func importContextGetShared(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/context@0.1.0 set-shared
func importContextSetShared(p0 uint32, p1 uint32, p2 uint32, p3 uint32)

//go:wasmimport sallyport:plugin/clock@0.1.0 now-ms
func importClockNowMs() uint64

//go:wasmimport sallyport:plugin/clock@0.1.0 monotonic-ns
func importClockMonotonicNs() uint64

//go:wasmimport sallyport:plugin/random@0.1.0 bytes
func importRandomBytes(p0 uint32, result uint32)

//go:wasmimport sallyport:plugin/outbound-http@0.1.0 send
func importOutboundHTTPSend(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32, p8 uint32, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 get
func importKVStoreGet(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 set
func importKVStoreSet(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint64, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 delete
func importKVStoreDelete(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 list
func importKVStoreList(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 compare-and-set
func importKVStoreCompareAndSet(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32, p8 uint64, result uint32)

//go:wasmimport sallyport:plugin/kv-store@0.1.0 increment
func importKVStoreIncrement(p0 uint32, p1 uint32, p2 int64, p3 uint32, p4 uint64, result uint32)

//go:wasmimport sallyport:plugin/secret-store@0.1.0 get
func importSecretStoreGet(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/secret-store@0.1.0 reference
func importSecretStoreReference(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/metrics@0.1.0 count
func importMetricsCount(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 float64)

//go:wasmimport sallyport:plugin/metrics@0.1.0 gauge
func importMetricsGauge(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 float64)

//go:wasmimport sallyport:plugin/metrics@0.1.0 observe
func importMetricsObserve(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 float64)

//go:wasmimport sallyport:plugin/audit@0.1.0 write
func importAuditWrite(p0 uint32, p1 uint32, p2 uint32, p3 uint32, result uint32)

//go:wasmimport sallyport:plugin/request-headers@0.1.0 get
func importRequestHeadersGet(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/identity-claims@0.1.0 get
func importIdentityClaimsGet(p0 uint32, p1 uint32, result uint32)

//go:wasmimport sallyport:plugin/tool-call@0.1.0 call
func importToolCallCall(p0 uint32, p1 uint32, p2 uint32, p3 uint32, result uint32)

//go:wasmimport sallyport:plugin/upstream-headers@0.1.0 set
func importUpstreamHeadersSet(p0 uint32, p1 uint32, p2 uint32, p3 uint32, result uint32)
