package sallyport

import "unsafe"

// exportRealloc allocates memory for values that the host passes (Component Model § Canonical ABI, realloc).
//
//go:wasmexport cabi_realloc
func exportRealloc(old address, oldSize uint32, _ uint32, size uint32) address {
	place := newBlock(size)
	lent = append(lent, place)
	copy(unsafe.Slice((*byte)(place), size), unsafe.Slice((*byte)(old.pointer()), oldSize))
	return addressOf(place)
}
