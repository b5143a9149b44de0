package sallyport

import "unsafe"

// address is an address in linear memory. Go's heap does not move, so addresses stay valid.
type address uint32

// memory keeps alive the values whose addresses the host has, because the garbage collector does not know these addresses.
type memory struct {
	kept []unsafe.Pointer
}

var (
	// lent is memory that the host has written and Go has not read yet.
	lent []unsafe.Pointer
	// held is the result of the last call. The host reads it before the next call.
	held []unsafe.Pointer
)

// release forgets the memory that the host has written. Values read from it keep it alive.
func release() {
	clear(lent)
	lent = lent[:0]
}

// allocate returns size zero bytes, aligned for any type.
func (m *memory) allocate(size uint32) address {
	place := newBlock(size)
	m.kept = append(m.kept, place)
	return addressOf(place)
}

// hold keeps everything alive until the next call.
func (m *memory) hold(result address) address {
	held = m.kept
	return result
}

func newBlock(size uint32) unsafe.Pointer {
	return unsafe.Pointer(unsafe.SliceData(make([]uint64, (size+7)/8+1)))
}

func addressOf(place unsafe.Pointer) address {
	return address(uintptr(place))
}

func (at address) pointer() unsafe.Pointer {
	return unsafe.Pointer(uintptr(at))
}

func load[T any](at address) T {
	return *(*T)(at.pointer())
}

func store[T any](_ *memory, at address, value T) {
	*(*T)(at.pointer()) = value
}

func readString(at address) string {
	length := load[uint32](at + 4)
	if length == 0 {
		return ""
	}
	return unsafe.String((*byte)(load[address](at).pointer()), length)
}

func readBytes(at address) []byte {
	length := load[uint32](at + 4)
	if length == 0 {
		return []byte{}
	}
	return unsafe.Slice((*byte)(load[address](at).pointer()), length)
}

func readList[T any](at address, size address, read func(address) T) []T {
	items := make([]T, load[uint32](at+4))
	place := load[address](at)
	for index := range items {
		items[index] = read(place + address(index)*size)
	}
	return items
}

func readOption[T any](at address, payload address, read func(address) T) *T {
	if load[uint8](at) == 0 {
		return nil
	}
	value := read(at + payload)
	return &value
}

func readOptionalList[T any](at address, payload address, read func(address) []T) []T {
	if load[uint8](at) == 0 {
		return nil
	}
	return read(at + payload)
}

func optional[T any](value *T) (T, bool) {
	if value == nil {
		var nothing T
		return nothing, false
	}
	return *value, true
}

func writeString(m *memory, at address, value string) {
	writePlace(m, at, unsafe.Pointer(unsafe.StringData(value)), len(value))
}

func writeBytes(m *memory, at address, value []byte) {
	writePlace(m, at, unsafe.Pointer(unsafe.SliceData(value)), len(value))
}

func writePlace(m *memory, at address, place unsafe.Pointer, length int) {
	if length == 0 {
		return
	}
	m.kept = append(m.kept, place)
	store(m, at, addressOf(place))
	store(m, at+4, uint32(length))
}

func writeList[T any](m *memory, at address, items []T, size address, write func(*memory, address, T)) {
	if len(items) == 0 {
		return
	}
	place := m.allocate(uint32(size) * uint32(len(items)))
	store(m, at, place)
	store(m, at+4, uint32(len(items)))
	for index, item := range items {
		write(m, place+address(index)*size, item)
	}
}

func writeOption[T any](m *memory, at address, value *T, payload address, write func(*memory, address, T)) {
	if value != nil {
		store(m, at, uint8(1))
		write(m, at+payload, *value)
	}
}

func writeOptionalList[T any](m *memory, at address, value []T, payload address, write func(*memory, address, []T)) {
	if value != nil {
		store(m, at, uint8(1))
		write(m, at+payload, value)
	}
}
