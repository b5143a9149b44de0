// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

//go:build !wasip1

package sallyport

// So that editors and tests of a plugin know these functions.
const outside = "sallyport: the host's functions are there within the gateway only"

func importLogWrite(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importContextGet(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importContextSet(_ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importContextGetShared(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importContextSetShared(_ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importClockNowMs() uint64 { panic(outside) }
func importClockMonotonicNs() uint64 { panic(outside) }
func importRandomBytes(_ uint32, _ uint32) { panic(outside) }
func importOutboundHTTPSend(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importKVStoreGet(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importKVStoreSet(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint64, _ uint32) { panic(outside) }
func importKVStoreDelete(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importKVStoreList(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importKVStoreCompareAndSet(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint32, _ uint64, _ uint32) { panic(outside) }
func importKVStoreIncrement(_ uint32, _ uint32, _ int64, _ uint32, _ uint64, _ uint32) { panic(outside) }
func importSecretStoreGet(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importSecretStoreReference(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importMetricsCount(_ uint32, _ uint32, _ uint32, _ uint32, _ float64) { panic(outside) }
func importMetricsGauge(_ uint32, _ uint32, _ uint32, _ uint32, _ float64) { panic(outside) }
func importMetricsObserve(_ uint32, _ uint32, _ uint32, _ uint32, _ float64) { panic(outside) }
func importAuditWrite(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importRequestHeadersGet(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importIdentityClaimsGet(_ uint32, _ uint32, _ uint32) { panic(outside) }
func importToolCallCall(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
func importUpstreamHeadersSet(_ uint32, _ uint32, _ uint32, _ uint32, _ uint32) { panic(outside) }
