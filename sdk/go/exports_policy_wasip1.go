// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

//go:build sallyport_policy

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
	err := exportedPolicy.configure(configJSON)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/policy-check@0.1.0#decide
func exportDecide(area address) address {
	m := &memory{}
	ctx, request := readPolicyContext(area+0), readRequest(area+68)
	release()
	result := m.allocate(44)
	value, err := exportedPolicy.decide(ctx, request)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writeDecision(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/policy-check@0.1.0#decide-many
func exportDecideMany(area address) address {
	m := &memory{}
	ctx, requests := readPolicyContext(area+0), readList(area+68, 20, readRequest)
	release()
	result := m.allocate(12)
	value, err := exportedPolicy.decideMany(ctx, requests)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writeList(m, result+4, value, 40, writeDecision)
	return m.hold(result)
}
