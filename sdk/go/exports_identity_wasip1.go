// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

//go:build sallyport_identity

package sallyport

//go:wasmexport sallyport:plugin/lifecycle@0.1.0#configure
func exportConfigure(p0 uint32, p1 uint32) address {
	m := &memory{}
	area := m.allocate(8)
	store(m, area+0, p0)
	store(m, area+4, p1)
	configJSON := readString(area+0)
	release()
	result := m.allocate(12)
	err := exportedIdentity.configure(configJSON)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/identity-check@0.1.0#identify
func exportIdentify(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32, p8 uint32, p9 uint32) address {
	m := &memory{}
	area := m.allocate(40)
	store(m, area+0, p0)
	store(m, area+4, p1)
	store(m, area+8, p2)
	store(m, area+12, p3)
	store(m, area+16, p4)
	store(m, area+20, uint8(p5))
	store(m, area+24, p6)
	store(m, area+28, p7)
	store(m, area+32, p8)
	store(m, area+36, p9)
	ctx, credentials := readIdentityContext(area+0), readCredentials(area+12)
	release()
	result := m.allocate(52)
	value, err := exportedIdentity.identify(ctx, credentials)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writeIdentification(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/identity-check@0.1.0#pre-check
func exportPreCheck(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32, p8 uint32, p9 uint32, p10 uint32, p11 uint32, p12 uint32, p13 uint32) address {
	m := &memory{}
	area := m.allocate(56)
	store(m, area+0, p0)
	store(m, area+4, p1)
	store(m, area+8, p2)
	store(m, area+12, p3)
	store(m, area+16, p4)
	store(m, area+20, p5)
	store(m, area+24, p6)
	store(m, area+28, p7)
	store(m, area+32, p8)
	store(m, area+36, p9)
	store(m, area+40, p10)
	store(m, area+44, uint8(p11))
	store(m, area+48, p12)
	store(m, area+52, p13)
	ctx, request := readIdentityContext(area+0), readArrivingRequest(area+12)
	release()
	result := m.allocate(44)
	value, err := exportedIdentity.preCheck(ctx, request)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writePreCheckOutcome(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/identity-check@0.1.0#post-check
func exportPostCheck(area address) address {
	m := &memory{}
	ctx, caller := readIdentityContext(area+0), readAuthenticatedCaller(area+12)
	release()
	result := m.allocate(44)
	value, err := exportedIdentity.postCheck(ctx, caller)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writePostCheckOutcome(m, result+4, value)
	return m.hold(result)
}
