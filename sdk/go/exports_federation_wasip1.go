// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

//go:build sallyport_federation

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
	err := exportedFederation.configure(configJSON)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/federation-check@0.1.0#pre-register
func exportPreRegister(area address) address {
	m := &memory{}
	ctx, server := readFederationContext(area+0), readJoiningServer(area+20)
	release()
	result := m.allocate(44)
	value, err := exportedFederation.preRegister(ctx, server)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writePreRegisterOutcome(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/federation-check@0.1.0#post-register
func exportPostRegister(area address) address {
	m := &memory{}
	ctx, server := readFederationContext(area+0), readRegisteredServer(area+20)
	release()
	result := m.allocate(12)
	err := exportedFederation.postRegister(ctx, server)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/federation-check@0.1.0#pre-sync
func exportPreSync(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32, p8 uint32) address {
	m := &memory{}
	area := m.allocate(32)
	store(m, area+0, p0)
	store(m, area+4, p1)
	store(m, area+8, p2)
	store(m, area+12, p3)
	store(m, area+16, p4)
	store(m, area+20, uint8(p5))
	store(m, area+21, uint8(p6))
	store(m, area+24, uint8(p7))
	store(m, area+28, p8)
	ctx, refresh := readFederationContext(area+0), readListRefresh(area+20)
	release()
	result := m.allocate(44)
	value, err := exportedFederation.preSync(ctx, refresh)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writePreSyncOutcome(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/federation-check@0.1.0#post-sync
func exportPostSync(p0 uint32, p1 uint32, p2 uint32, p3 uint32, p4 uint32, p5 uint32, p6 uint32, p7 uint32) address {
	m := &memory{}
	area := m.allocate(32)
	store(m, area+0, p0)
	store(m, area+4, p1)
	store(m, area+8, p2)
	store(m, area+12, p3)
	store(m, area+16, p4)
	store(m, area+20, uint8(p5))
	store(m, area+24, p6)
	store(m, area+28, p7)
	ctx, received := readFederationContext(area+0), readServerList(area+20)
	release()
	result := m.allocate(44)
	value, err := exportedFederation.postSync(ctx, received)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writePostSyncOutcome(m, result+4, value)
	return m.hold(result)
}
