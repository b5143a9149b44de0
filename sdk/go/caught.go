package sallyport

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
)

// caught makes an error of a panic, with the place in the plugin where it began; its stack is one entry of the log. So
// a panic ends one call, and not the instance. Defer it.
func caught(err *error) {
	reason := recover()
	if reason == nil {
		return
	}
	*err = fmt.Errorf("panic: %v%s", reason, panicPlace())
	Errorf("%v\n%s", *err, debug.Stack())
}

// panicPlace is the innermost line on the stack that is of the plugin's own package main.
func panicPlace() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(3, callers)])
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			return fmt.Sprintf(" (%s:%d)", frame.File, frame.Line)
		}
		if !more {
			return ""
		}
	}
}
