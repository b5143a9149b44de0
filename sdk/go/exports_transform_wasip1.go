// Code generated from wit/ by tools/scripts/generate-go-sdk.ts; DO NOT EDIT.

//go:build sallyport_transform

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
	err := exportedTransform.configure(configJSON)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/dispatch-hooks@0.1.0#before-dispatch
func exportBeforeDispatch(area address) address {
	m := &memory{}
	ctx, request := readCallContext(area+0), readRequest(area+52)
	release()
	result := m.allocate(44)
	value, err := exportedTransform.beforeDispatch(ctx, request)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writeRequestOutcome(m, result+4, value)
	return m.hold(result)
}

//go:wasmexport sallyport:plugin/dispatch-hooks@0.1.0#after-dispatch
func exportAfterDispatch(area address) address {
	m := &memory{}
	ctx, response := readCallContext(area+0), readResponse(area+52)
	release()
	result := m.allocate(44)
	value, err := exportedTransform.afterDispatch(ctx, response)
	if err != nil {
		store(m, result, uint8(1))
		writeString(m, result+4, err.Error())
		return m.hold(result)
	}
	writeResponseOutcome(m, result+4, value)
	return m.hold(result)
}
